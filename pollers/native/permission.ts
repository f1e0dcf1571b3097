// Deno's permissions: asked whether they are granted, so that Deno does not stop the program to ask its user.

/** What Deno is asked for, as `Deno.permissions.query` takes it. */
export type Permission =
  | { readonly name: "env"; readonly variable: string }
  | { readonly name: "sys"; readonly kind: "hostname" | "networkInterfaces" }
  | { readonly name: "ffi" | "read" | "write"; readonly path?: string };

interface DenoPermissions {
  readonly permissions: { querySync(what: Permission): { readonly state: string } };
}

/**
 * Whether the program may do `what`; always true on Bun and Node. Without this question Deno would show a prompt on a
 * terminal and wait there; what the library can do without is not worth that.
 */
export function isGranted(what: Permission): boolean {
  const { Deno: deno } = globalThis as unknown as { Deno?: DenoPermissions };
  return deno === undefined || deno.permissions.querySync(what).state === "granted";
}
