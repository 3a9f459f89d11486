// What a check found, for somebody who has a second: a face in word, icon and colour, the reason, the next
// step. Facts stand here only if the verdict carries them; the issuer's name is the bundle's.

import { useEffect, useRef } from "preact/hooks";

import type { Finding } from "../proof/registry";
import type { Facts } from "../proof/verify";
import { day, masked, moment } from "../words/forms";
import type { Language, Translate } from "../words/words";
import { Face } from "./Face";
import type { Checked } from "./check";

interface Props extends Checked {
  t: Translate;
  language: Language;
  onAgain: () => void;
}

function reasonOf(t: Translate, { trust: { bundle } }: Checked, code: string): string {
  return t(`${code}.reason`, { n: Math.round(bundle.unknownS / 86_400) });
}

/** The sentences under the word. */
function sentences(props: Props): string[] {
  const { t, verdict, language } = props;
  const { result, code, facts, asOf } = verdict;
  if (result === "valid") {
    const status = asOf.status && t("valid-status", { time: moment(asOf.status, language) });
    const signed = t("valid-signed", { issuer: facts?.issuerName ?? "" });
    return status ? [signed, status] : [signed];
  }
  const because = { reason: reasonOf(t, props, code), code };
  return [result === "invalid" ? t("invalid-because", because) : t("unconfirmed-because", because)];
}

function nextStep(props: Props): string {
  const { t, verdict } = props;
  return verdict.result === "valid" ? t("valid-next") : t(`${verdict.code}.next`);
}

function shortFacts(facts: Facts, { t, language }: Props): [string, string | undefined][] {
  const date = (value: string | undefined) => value && day(value, language);
  return [
    [t("fact-name"), facts.name && masked(facts.name)],
    [t("fact-title"), facts.title],
    [t("fact-amount"), facts.amount],
    [t("fact-level"), facts.level],
    [t("fact-hours"), facts.hours],
    [t("fact-issuer"), facts.issuerName],
    [t("fact-issued"), date(facts.issuedAt)],
    [t("fact-expires"), date(facts.expiresAt)],
  ];
}

function List({ rows }: { rows: [string, string | undefined][] }) {
  return (
    <dl>
      {rows.map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function Detail({ finding, props }: { finding: Finding; props: Props }) {
  const { code, detail } = finding;
  return (
    <li>
      {reasonOf(props.t, props, code)} <a href={`/why/${code}`}>{code}</a>
      <p class="mono" lang="en">{detail}</p>
    </li>
  );
}

function Details(props: Props) {
  const { t, verdict, trust, language, engine } = props;
  const { facts, findings, asOf } = verdict;
  const rows: [string, string | undefined][] = [
    [t("fact-id"), facts?.id],
    [t("fact-position"), facts?.position === undefined ? undefined : String(facts.position)],
    [t("fact-custody"), facts && t(facts.custody === "own" ? "custody-own" : "custody-platform")],
    [t("fact-bundle"), `${trust.bundle.version} · ${moment(asOf.bundle, language)}`],
    [t("fact-engine"), t(engine === "noble" ? "engine-noble" : "engine-webcrypto")],
  ];
  return (
    <details>
      <summary>{t("details")}</summary>
      <ul>{findings.map((finding) => <Detail key={finding.code} finding={finding} props={props} />)}</ul>
      {facts?.newer ? <p>{t("newer", { n: facts.newer })}</p> : null}
      <List rows={rows} />
    </details>
  );
}

export function AgeStrip({ t, verdict, trust, now }: Props) {
  const hours = Math.floor((now - (trust.bundle.issuedS ?? 0)) / 3600);
  const key = trust.online ? "age-online" : "age-offline";
  const words = hours < 0 ? t("age-clock") : t(key, { n: hours });
  const plain = verdict.asOf.age === "plain";
  return (
    <p class={plain ? "strip" : "strip strip-unk"}>
      {words}
      {trust.refused && <strong> {t("trust-refused")}</strong>}
    </p>
  );
}

/** Once for valid, twice for unconfirmed, three times for invalid: told apart without looking. */
function vibrate(result: string): void {
  // A browser refuses, loudly, before the first tap on the page.
  if (!navigator.userActivation?.hasBeenActive) return;
  const times = { valid: 1, unconfirmed: 2 }[result] ?? 3;
  navigator.vibrate?.(Array.from({ length: times * 2 - 1 }, () => 120));
}

export function Result(props: Props) {
  const { t, verdict } = props;
  const { result, code, facts, findings } = verdict;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
    vibrate(result);
  }, [verdict]);
  const note = result === "valid" ? findings[0] : undefined;
  return (
    <>
      <AgeStrip {...props} />
      <section class={`card card-${result}`} role="status">
        <h1 tabIndex={-1} ref={heading}>
          <Face result={result} /> {t(result)}
        </h1>
        {sentences(props).map((sentence) => <p key={sentence}>{sentence}</p>)}
        <p>
          <strong>{t("next-step")}{nextStep(props)}</strong>
        </p>
        {code === "E51" && facts && <p><a href={`/c/${facts.id}`}>{t("open-new")}</a></p>}
        {code !== "OK" && <p><a href={`/why/${code}`}>{t("why")}</a></p>}
      </section>
      {/* Above the facts: at 375 × 812 in 长辈版 the next person's turn must need no scrolling. */}
      <button class="primary wide" type="button" onClick={props.onAgain}>{t("scan-again")}</button>
      {facts && <List rows={shortFacts(facts, props)} />}
      {note && <p class="muted">{t("note", { reason: reasonOf(t, props, note.code), code: note.code })}</p>}
      <Details {...props} />
    </>
  );
}
