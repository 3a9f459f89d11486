// The rear camera, searched until a code is seen or the page lets go. Pictures leave nothing behind.

import { detector } from "./detector";

/** Pause between two looks: a phone that gets hot reads nothing. */
const PAUSE_MS = 120;

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

/** The text of the first code seen, or `null` when stopped. Throws where no camera opens. */
export async function watch(video: HTMLVideoElement, stop: AbortSignal): Promise<string | null> {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
  });
  const canvas = document.createElement("canvas");
  try {
    const detect = await detector();
    video.srcObject = stream;
    await video.play();
    while (!stop.aborted) {
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      if (canvas.width > 0) {
        canvas.getContext("2d", { willReadFrequently: true })?.drawImage(video, 0, 0);
        const text = await detect(canvas);
        if (text !== null) return text;
      }
      await pause();
    }
    return null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}
