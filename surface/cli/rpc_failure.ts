// The status of a call that failed, as a person reads it, and as JSON.

import { errorDetails } from "../call/error_details.ts";
import type { RpcError } from "../call/rpc_error.ts";
import { statusName } from "../call/status.ts";
import type { StatusDetail } from "../call/status_details.ts";
import type { JsonCodec } from "../proto/json/json_codec.ts";
import type { Json } from "../proto/mod.ts";
import { jsonText } from "./json_output.ts";
import type { Output } from "./terminal.ts";
import { printable, styleOf } from "./text.ts";

/** Codecs by type name. */
export type Codecs = Readonly<Record<string, JsonCodec>>;

/** Lines that say how a call ended: status, method and server, details, and what can be tried. */
export function failureLines(error: RpcError, output: Output, codecs: Codecs = {}): string[] {
  const { bold, red, dim } = styleOf(output);
  const lines = [
    `${red(bold("error:"))} ${bold(statusName(error.code))}${
      error.details === "" ? "" : `: ${printable(error.details)}`
    }`,
  ];
  const where = [error.method?.replace(/^\//, ""), error.peer].filter((one) => one !== undefined);
  if (where.length > 0) lines.push(dim(`  ${printable(where.join(" at "))}`));
  for (const detail of error.statusDetails) {
    const name = detail.typeUrl.slice(detail.typeUrl.lastIndexOf("/") + 1);
    const json = detailJson(detail, codecs);
    lines.push(`  ${printable(name)}: ${jsonText(json, output, false)}`);
  }
  const advice = adviceOn(error);
  if (advice !== undefined) lines.push(`  ${advice}`);
  return lines;
}

/** As google.rpc.Status in JSON: what -format-error prints. */
export function failureJson(error: RpcError, codecs: Codecs = {}): Json {
  return {
    code: error.code,
    message: error.details,
    details: error.statusDetails.map((detail) => {
      const json = detailJson(detail, codecs);
      const fields = typeof json === "object" && json !== null && !Array.isArray(json)
        ? json
        : { value: json };
      return { "@type": detail.typeUrl, ...fields };
    }),
  };
}

const KNOWN = new Map(
  Object.values(errorDetails).map((codec) => [codec.typeName, codec as unknown as JsonCodec]),
);

/** The detail's message; its octets in base64 where its type is not known. */
function detailJson({ typeUrl, value }: StatusDetail, codecs: Codecs): Json {
  const name = typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
  const codec = codecs[name] ?? KNOWN.get(name);
  try {
    if (codec !== undefined) return codec.toJson(codec.decode(value));
  } catch {
    // shown as octets
  }
  return btoa(Array.from(value, (octet) => String.fromCharCode(octet)).join(""));
}

/** What OpenSSL says of a certificate that nobody vouches for whom this machine knows. */
const UNKNOWN_ISSUER = /certificate is not accepted: (?:self.signed|unable to (?:get|verify))/;

function adviceOn({ details, endedBy }: RpcError): string | undefined {
  if (endedBy === "remote") return undefined;
  if (details.includes("peer speaks TLS")) return "--tls connects with TLS";
  if (details.includes("HTTP/2 without TLS")) return "--plaintext connects without TLS";
  if (UNKNOWN_ISSUER.test(details)) {
    return "--cacert takes the certificate of the authority that signed it; its own, where it is self-signed";
  }
  if (details.endsWith("(maxReceiveMessageBytes)")) return "--max-msg-sz says how large they may be";
  return undefined;
}
