// What makes the control data of a request malformed (RFC 9113, sections 8.3.1 and 8.5), as a server checks it.

import type { HeaderList } from "../hpack/header_list.ts";
import { isToken, TOKEN } from "../hpack/octet_classes.ts";
import { Pseudo, quote, type RequestRules } from "./header_validation.ts";

const { METHOD, SCHEME, PATH, AUTHORITY } = Pseudo;
const REQUIRED = (1 << METHOD) | (1 << SCHEME) | (1 << PATH);

/** The rules. */
export const requestRules: RequestRules = {
  allowed: REQUIRED | (1 << AUTHORITY),
  required: REQUIRED,
  isUsual,
  badControlData,
};

function isUsual(pseudo: number, text: string): boolean {
  switch (pseudo) {
    case METHOD:
      return text === "POST";
    case SCHEME:
      return text === "http" || text === "https";
    case PATH:
      return text.startsWith("/");
    case AUTHORITY:
      return !text.includes("@");
    default:
      return false;
  }
}

function badControlData(headers: HeaderList): string | undefined {
  const method = headers.get(":method");
  if (method === undefined || !isToken(method, TOKEN)) return "no valid :method";
  const scheme = headers.get(":scheme");
  const path = headers.get(":path");
  const authority = headers.get(":authority");
  if (method === "CONNECT") {
    if (scheme !== undefined || path !== undefined) return "CONNECT with :scheme or :path";
    return authority === undefined || authority === "" ? "CONNECT without :authority" : undefined;
  }
  const isHttp = scheme === "http" || scheme === "https";
  if (!isHttp && (scheme === undefined || !/^[A-Za-z][A-Za-z0-9+.-]*$/.test(scheme))) {
    return "no valid :scheme";
  }
  if (path === undefined || path === "") return "no valid :path";
  if (!isHttp) return undefined;
  if (!path.startsWith("/") && (path !== "*" || method !== "OPTIONS")) return `:path is ${quote(path)}`;
  return authority !== undefined && authority.includes("@") ? ":authority with userinfo" : undefined;
}
