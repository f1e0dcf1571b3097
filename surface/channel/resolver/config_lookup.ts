// Asks DNS for the service config of a host, beside its addresses (gRFC A2).

import { describeThrown, type EventEngine, type IoResult, type TaskHandle } from "../../../pollers/mod.ts";
import { hostName } from "../../../pollers/native/local_names.ts";
import type { ResolvedConfig } from "../service_config/config_in_use.ts";
import { chooseConfig, type ChoosingClient, CLIENT_LANGUAGE } from "./config_choice.ts";

/** The questions of one resolver: which of several choices is meant for it stays the same. */
export class ConfigLookups {
  private readonly client: ChoosingClient;

  /** Asks by the resolver of `engine`. */
  constructor(private readonly engine: EventEngine) {
    this.client = { language: CLIENT_LANGUAGE, hostName: hostName(), percentile: 100 * engine.random() };
  }

  /** Asks for the config of `host`. */
  begin(host: string, timeoutMs: number): ConfigLookup {
    return new ConfigLookup(this.engine, host, timeoutMs, this.client);
  }
}

/** One question, and its answer; a resolver asks a new one with each lookup. */
export class ConfigLookup {
  private timeout: TaskHandle | undefined = undefined;
  private answered = false;
  private answer: ResolvedConfig | undefined = undefined;
  private onAnswer: ((config: ResolvedConfig | undefined) => void) | undefined = undefined;

  /** Asks for the config of `host`: `timeoutMs` at most, and no answer is an error. */
  constructor(
    private readonly engine: EventEngine,
    private readonly host: string,
    timeoutMs: number,
    private readonly client: ChoosingClient,
  ) {
    this.timeout = engine.runAt(engine.now() + timeoutMs, () => {
      this.timeout = undefined;
      this.finish(this.failed(`no answer within ${timeoutMs} ms`));
    });
    this.ask(`_grpc_config.${host}`);
  }

  /** Calls `onAnswer` once, with the config, undefined where there is none, or an error; at once where it is there. */
  whenAnswered(onAnswer: (config: ResolvedConfig | undefined) => void): void {
    if (this.answered) onAnswer(this.answer);
    else this.onAnswer = onAnswer;
  }

  /** The answer does not matter any more. */
  close(): void {
    this.onAnswer = undefined;
    this.finish(undefined);
  }

  private ask(name: string): void {
    try {
      const resolver = this.engine.resolver();
      if (resolver.lookUpTexts === undefined) {
        return this.finish(this.failed("the poller looks up no TXT records"));
      }
      resolver.lookUpTexts(name, (result) => this.finish(this.read(result)));
    } catch (error) { // a poller of the application's
      this.finish(this.failed(describeThrown(error)));
    }
  }

  private read(result: IoResult<string[]>): ResolvedConfig | undefined {
    if (!result.ok) return result.error.kind === "not-found" ? undefined : this.failed(result.error.message);
    try {
      return chooseConfig(result.value, this.client);
    } catch (error) {
      return error as Error;
    }
  }

  private failed(why: string): Error {
    return new Error(`the TXT record of _grpc_config.${this.host} cannot be looked up: ${why}`);
  }

  private finish(config: ResolvedConfig | undefined): void {
    if (this.answered) return;
    this.answered = true;
    this.answer = config;
    if (this.timeout !== undefined) this.engine.cancel(this.timeout);
    this.timeout = undefined;
    this.onAnswer?.(config);
  }
}
