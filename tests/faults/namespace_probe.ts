// Prints why no network namespace can be made here.
import { noNamespace } from "./namespace.ts";

console.log(JSON.stringify({ why: noNamespace() }));
