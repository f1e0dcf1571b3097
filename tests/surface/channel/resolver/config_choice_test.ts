// Which of the service configs in a TXT record a client takes (gRFC A2).
import { assertEquals, assertThrows } from "@std/assert";
import { chooseConfig, type ChoosingClient } from "../../../../surface/channel/resolver/config_choice.ts";
import { ServiceConfigError } from "../../../../surface/channel/service_config/service_config_error.ts";
import { test } from "../../../harness.ts";

const CLIENT: ChoosingClient = { language: "typescript", hostName: "box", percentile: 30 };
const config = (timeout: number) => ({ methodConfig: [{ timeout: `${timeout}s` }] });

/** The timeout of the config that is chosen; undefined where none is. */
function chosen(choices: unknown, client: ChoosingClient = CLIENT): unknown {
  const found = chooseConfig([`grpc_config=${JSON.stringify(choices)}`], client);
  return found?.methodConfig?.[0]?.timeout;
}

test("[C25] the first choice that is meant for the client is taken", () => {
  const all = { serviceConfig: config(9) };
  assertEquals(chosen([all, { serviceConfig: config(8) }]), "9s");
  assertEquals(chosen([]), undefined);
  for (
    const [restriction, takes] of [
      [{ clientLanguage: ["GO", "TypeScript"] }, true],
      [{ clientLanguage: ["go"] }, false],
      [{ clientLanguage: [] }, true],
      [{ clientHostname: ["other", "box"] }, true],
      [{ clientHostname: ["BOX"] }, false],
      [{ percentage: 31 }, true],
      [{ percentage: 30 }, false],
      [{ percentage: 0 }, false],
      [{ percentage: 100 }, true],
      [{ clientLanguage: ["typescript"], clientHostname: ["other"] }, false],
    ] as const
  ) {
    const choices = [{ ...restriction, serviceConfig: config(1) }, all];
    assertEquals(chosen(choices), takes ? "1s" : "9s", JSON.stringify(restriction));
  }
  const unnamed = { ...CLIENT, hostName: undefined };
  assertEquals(chosen([{ clientHostname: ["box"], serviceConfig: config(1) }], unnamed), undefined);
});

test("[C25] a key that is unknown, in whichever choice, makes all of them invalid", () => {
  const good = { serviceConfig: config(1) };
  const problem = (choices: unknown) => {
    const { path, problem } = assertThrows(() => chosen(choices), ServiceConfigError);
    return `${path} ${problem}`;
  };
  assertEquals(
    problem([good, { clientVersion: 2, serviceConfig: config(2) }]),
    "[1].clientVersion is unknown; there are clientLanguage, clientHostname, percentage, serviceConfig",
  );
  assertEquals(problem([good, {}]), "[1].serviceConfig is missing; give an object");
  assertEquals(problem([good, { ...good, percentage: 101 }]), "[1].percentage is 101; give 100 or less");
  assertEquals(problem([good, { ...good, clientLanguage: "go" }]).startsWith("[1].clientLanguage is "), true);
  assertEquals(problem(good), " is an object; give a list of choices");
});

test("[C25] of several records the one of service configs counts, which may come in pieces", () => {
  const text = `grpc_config=${JSON.stringify([{ serviceConfig: config(7) }])}`;
  const found = config(7);
  assertEquals(chooseConfig(["v=spf1 -all", text, "other"], CLIENT), found as never);
  assertEquals(
    chooseConfig([text.slice(0, 20), text.slice(20, 40), text.slice(40), "other"], CLIENT),
    found as never,
  );
  assertEquals(chooseConfig(["v=spf1 -all"], CLIENT), undefined);
  assertThrows(() => chooseConfig(["grpc_config=[", "other"], CLIENT), ServiceConfigError, "is no JSON");
});
