// The host that an authority names.

/** The host of an authority: "[::1]:50051" gives "::1". */
export function hostOf(authority: string): string {
  const host = authority.replace(/:\d+$/, "");
  return host.startsWith("[") ? host.slice(1, -1) : host;
}
