// Finds a QR code in a picture: by the browser where it can, else by zxing in a worker, loaded then.

import { ask } from "./ask";

interface Barcode {
  rawValue: string;
}

interface NativeDetector {
  detect(source: ImageBitmapSource): Promise<Barcode[]>;
}

declare const BarcodeDetector: {
  new (options: { formats: string[] }): NativeDetector;
  getSupportedFormats(): Promise<string[]>;
};

/** The text of a code in the picture, or `null`. */
export type Detect = (source: HTMLCanvasElement) => Promise<string | null>;

async function native(): Promise<Detect | null> {
  // One webview has the interface with an empty list of formats.
  if (typeof BarcodeDetector === "undefined") return null;
  const formats = await BarcodeDetector.getSupportedFormats();
  if (!formats.includes("qr_code")) return null;
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return async (source) => (await detector.detect(source))[0]?.rawValue ?? null;
}

function byWorker(): Detect {
  const worker = new Worker(new URL("./qr.worker.ts", import.meta.url), { type: "module" });
  return async (canvas) => {
    const context = canvas.getContext("2d", { willReadFrequently: true });
    return context && ask(worker, context.getImageData(0, 0, canvas.width, canvas.height));
  };
}

let chosen: Promise<Detect> | undefined;

export function detector(): Promise<Detect> {
  chosen ??= native().then((found) => found ?? byWorker(), byWorker);
  return chosen;
}
