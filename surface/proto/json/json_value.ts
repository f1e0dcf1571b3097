// What JSON can say.

/** A JSON value. */
export type Json = null | number | string | boolean | readonly Json[] | { readonly [name: string]: Json };
