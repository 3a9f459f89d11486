// zxing in a worker, so that a slow phone's page stays alive while it searches.

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import wasm from "zxing-wasm/reader/zxing_reader.wasm?url";

// The library's own default is another site's address.
prepareZXingModule({ overrides: { locateFile: () => wasm } });

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<ImageData>) => void;
  postMessage(message: { text: string | null } | { failed: string }): void;
};

scope.onmessage = ({ data }) => {
  readBarcodes(data, { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1 }).then(
    ([found]) => scope.postMessage({ text: found?.text ?? null }),
    (error: unknown) => scope.postMessage({ failed: String(error) }),
  );
};
