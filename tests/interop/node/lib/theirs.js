// Digital Bazaar's verifier and signer, wired as their README says.

import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {
  createSignCryptosuite, createVerifyCryptosuite,
} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import * as vc from '@digitalbazaar/vc';
import {loader} from './world.js';

export async function theirs(credential, documentLoader = loader()) {
  const suite = new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()});
  return vc.verifyCredential({
    credential: structuredClone(credential), suite, documentLoader, checkStatus,
  });
}

/** The innermost words of a refusal. */
export function why(result) {
  const words = [];
  const walk = error => {
    if(error) {
      words.push(error.message ?? String(error));
      (error.errors ?? []).forEach(walk);
      walk(error.cause);
    }
  };
  walk(result.error);
  walk(result.statusResult?.error);
  return words.join(' | ');
}

/** Purposes whose bit is set, as their checkStatus read it. */
export const setBits = result => (result.statusResult?.results ?? [])
  .filter(it => it.status).map(it => it.credentialStatus.statusPurpose).sort().join(',');

export async function sign(document, key, documentLoader = loader(), date = undefined) {
  const suite = new DataIntegrityProof({
    signer: key.signer(), date, cryptosuite: createSignCryptosuite(),
  });
  return vc.issue({credential: structuredClone(document), suite, documentLoader});
}

/** A key of our own, from a name: the same in every run, and worth nothing. */
export async function testKey(name, controller, id) {
  const {createHash} = await import('node:crypto');
  const seed = createHash('sha256').update(`xuefen interop ${name}`).digest();
  return Ed25519Multikey.generate({id, controller, seed});
}
