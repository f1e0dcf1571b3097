// The bare name `@std/assert`, served from npm where JSR cannot be reached; types are in the `.d.ts` beside it.
// @ts-types="./std_assert.d.ts"
export * from "deno-std/assert/mod.js";
