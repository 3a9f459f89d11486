// The camera's picture and the search for a code in it. Opens when shown, lets go when gone.

import { useEffect, useRef, useState } from "preact/hooks";

import type { Translate } from "../words/words";

interface Props {
  t: Translate;
  onText: (text: string) => void;
  onClose: () => void;
}

export function Scanner({ t, onText, onClose }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    void import("../scan/camera")
      .then(({ watch }) => (video.current ? watch(video.current, stop.signal) : null))
      .then(
        (text) => text !== null && onText(text),
        () => setFailed(true),
      );
    return () => stop.abort();
  }, []);
  return (
    <div class="stack">
      {failed ? (
        <p class="strip strip-unk" role="status">{t("scan-none")}</p>
      ) : (
        <>
          <p role="status">{t("scan-looking")}</p>
          <video ref={video} playsInline muted aria-label={t("scan-looking")} />
        </>
      )}
      <button type="button" onClick={onClose}>{t("back")}</button>
    </div>
  );
}
