// Service configs in DNS (gRFC A2): a list of choices in the TXT record of "_grpc_config.<host>", of which each client takes
// the first one that is meant for it.

import type { JsonServiceConfig } from "../service_config/json.ts";
import { JsonField } from "../service_config/json_field.ts";
import { ServiceConfigError } from "../service_config/service_config_error.ts";

/** What a choice may be for. */
export interface ChoosingClient {
  /** What `clientLanguage` has to name. */
  readonly language: string;
  /** What `clientHostname` has to name; undefined where it is not known. */
  readonly hostName: string | undefined;
  /** 0 to 100: choices of a smaller `percentage` are not for it. */
  readonly percentile: number;
}

/** The name by which choices mean clients of this library. */
export const CLIENT_LANGUAGE = "typescript";

const PREFIX = "grpc_config=";

/** gRFC A2: with any other key the choices are of no use, for it may restrict what the client does not understand. */
const KEYS: ReadonlySet<string> = new Set([
  "clientLanguage",
  "clientHostname",
  "percentage",
  "serviceConfig",
]);

/**
 * The service config that `records`, TXT records, have for `client`; undefined where they have none.
 *
 * @throws {ServiceConfigError} for choices that cannot be used
 */
export function chooseConfig(
  records: readonly string[],
  client: ChoosingClient,
): JsonServiceConfig | undefined {
  const text = configText(records);
  if (text === undefined) return undefined;
  const list = new JsonField("", parse(text));
  if (!Array.isArray(list.value)) throw list.wrong("give a list of choices");
  const choices = list.items();
  for (const choice of choices) check(choice);
  const meant = choices.filter((choice) => isMeant(choice, client)); // all are read: what is wrong counts wherever it stands
  return meant[0]?.get("serviceConfig").object();
}

/** A record may come in pieces (`DnsResolver.lookUpTexts`): it is whole when it is JSON. */
function configText(records: readonly string[]): string | undefined {
  const first = records.findIndex((record) => record.startsWith(PREFIX));
  if (first < 0) return undefined;
  const whole = records[first]!.slice(PREFIX.length);
  let text = whole;
  for (const piece of records.slice(first + 1)) {
    if (isJson(text) || piece.startsWith(PREFIX)) break;
    text += piece;
  }
  return isJson(text) ? text : whole;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ServiceConfigError("", `is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

function check(choice: JsonField): void {
  const unknown = Object.keys(choice.object()).find((key) => !KEYS.has(key));
  if (unknown !== undefined) {
    throw new ServiceConfigError(
      `${choice.path}.${unknown}`,
      `is unknown; there are ${[...KEYS].join(", ")}`,
    );
  }
  choice.get("serviceConfig").object();
}

function isMeant(choice: JsonField, { language, hostName, percentile }: ChoosingClient): boolean {
  const languages = choice.get("clientLanguage").items().map((one) => one.text().toLowerCase());
  const hosts = choice.get("clientHostname").items().map((one) => one.text());
  const percentage = choice.get("percentage").optional((field) => field.integer(0, 100)) ?? 100;
  if (languages.length > 0 && !languages.includes(language)) return false;
  if (hosts.length > 0 && (hostName === undefined || !hosts.includes(hostName))) return false;
  return percentile < percentage;
}
