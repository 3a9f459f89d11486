// Starts the page: choices first, so that nothing jumps, then the words, then the render.

import { render } from "preact";

import { translator } from "../words/words";
import { App } from "./App";
import { read, show } from "./prefs";
import { register } from "./worker";

const prefs = read();
show(prefs);
const root = document.getElementById("root");
const words = await translator(prefs.language);
if (root) render(<App prefs={prefs} words={words} onUpdate={register} />, root);
