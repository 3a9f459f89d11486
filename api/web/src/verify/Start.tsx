// Three ways to show us a credential. The camera opens only behind a second tap, after one sentence of why.

import { useState } from "preact/hooks";

import type { Translate } from "../words/words";

interface Props {
  t: Translate;
  onScan: () => void;
  onFile: (file: File) => void;
  onText: (text: string) => void;
}

function PhotoButton({ t, onFile }: Pick<Props, "t" | "onFile">) {
  return (
    <label class="button">
      {t("photo")}
      <input
        class="hidden"
        type="file"
        accept="image/*,.json,application/json"
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          // Else the same picture picked again would say nothing.
          currentTarget.value = "";
          if (file) onFile(file);
        }}
      />
    </label>
  );
}

function PasteForm({ t, onText }: Pick<Props, "t" | "onText">) {
  const [text, setText] = useState("");
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        onText(text);
      }}
    >
      <label for="paste">{t("paste-label")}</label>
      <textarea id="paste" rows={4} value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
      <button class="primary">{t("paste-check")}</button>
    </form>
  );
}

export function Start({ t, onScan, onFile, onText }: Props) {
  const [open, setOpen] = useState<"scan" | "paste" | null>(null);
  if (open === "scan") {
    return (
      <div class="stack">
        <p>{t("scan-why")}</p>
        <button class="primary" type="button" onClick={onScan}>{t("scan-open")}</button>
        <button type="button" onClick={() => setOpen(null)}>{t("back")}</button>
      </div>
    );
  }
  return (
    <div class="stack">
      <button class="primary" type="button" onClick={() => setOpen("scan")}>
        {t("scan")}
      </button>
      <div class="pair">
        <PhotoButton t={t} onFile={onFile} />
        <button type="button" aria-expanded={open === "paste"} onClick={() => setOpen(open ? null : "paste")}>
          {t("paste")}
        </button>
      </div>
      {open === "paste" && <PasteForm t={t} onText={onText} />}
    </div>
  );
}
