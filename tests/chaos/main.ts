// The program of `npm run chaos`: processes, or seeds in virtual time.
import { readArguments } from "../../.ci/arguments.mjs";
import { OPTIONS, USAGE } from "./options.mjs";

const { seeds } = readArguments(USAGE, OPTIONS);
await import(seeds > 0 ? "./seeds.ts" : "./processes.ts");
