// A picked file: a picture with a code in it, or a JSON credential.

import { detector } from "./detector";

/** Longest side that is searched; a larger picture is scaled down once more if nothing is found. */
const SIDES = [2_000, 1_000];

async function textOfPicture(file: File): Promise<string> {
  const bitmap = await createImageBitmap(file);
  const detect = await detector();
  const canvas = document.createElement("canvas");
  try {
    for (const side of SIDES) {
      const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
      canvas.width = Math.max(1, Math.round(bitmap.width * scale));
      canvas.height = Math.max(1, Math.round(bitmap.height * scale));
      canvas.getContext("2d", { willReadFrequently: true })?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      const text = await detect(canvas);
      if (text !== null) return text;
    }
    return "";
  } finally {
    bitmap.close();
  }
}

/** The text to check; empty where there is no code, which the check then says (E00). */
export async function textOf(file: File): Promise<string> {
  if (file.name.endsWith(".json") || file.type === "application/json") return file.text();
  try {
    return await textOfPicture(file);
  } catch {
    // No picture at all, or no decoder: there is no code in it for us.
    return "";
  }
}
