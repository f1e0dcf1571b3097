// How the library calls the application, and where what that throws goes.
//
// Whatever a callback throws, or what its promise rejects with, ends here: no turn of an engine is cut short by it, and
// no process ends for it. The error is reported exactly once, to `onError` or else to the logger.

import { describeThrown } from "./describe.ts";
import { defaultLogger, type Logger, type LogLevel } from "./logger.ts";
import type { TraceName } from "./trace.ts";

/** Which code threw, or what else went wrong. */
export type ErrorPlace =
  /** A handler: it threw, or its promise rejected. */
  | "handler"
  /** A response that could not be encoded: a getter or codec threw, or the value does not fit its type. */
  | "response"
  /** The iterable of responses that a handler gave. */
  | "responses"
  /** A request that could not be encoded, since a getter or codec threw. */
  | "request"
  /** The iterable of requests that a caller gave. */
  | "requests"
  /** A codec of the application that decodes. */
  | "codec"
  /** A source of certificates, or what it gave: earlier ones are used further. Or call credentials: the call fails. */
  | "credentials"
  /** A source of an authorization policy, or what it gave: the earlier one is used further. */
  | "authorization"
  /** A reaction of a reactor, or the callback of a unary call. */
  | "reaction"
  /** Callbacks, by their names. */
  | "onHeaders"
  | "onTrailers"
  | "acceptConnection"
  | "onAcceptPaused"
  | "onWorkerEnd"
  /** A callback of a completion queue of type CALLBACK, or of an alarm. */
  | "queue callback"
  /** An interceptor of a client or a server. */
  | "interceptor"
  /** A call observer of a channel or a server. */
  | "observer"
  /** A listener on the signal of a call. */
  | "abort listener"
  /** The signal that a caller gave, or the poller that its channel was given. */
  | "options"
  /** A listener ended by itself, since its socket can never accept again: no connections there until `listen` again. */
  | "listener"
  /** The library itself, or a poller of the application, while it served a connection, which was then closed. */
  | "connection"
  /** What a balancing policy that follows calls does when one starts or ends. */
  | "balancing"
  /** A callback of an event engine that the application uses directly. */
  | "poller";

/** What is known of an error besides itself. */
export interface ErrorContext {
  /** Which code threw. */
  readonly where: ErrorPlace;
  /**
   * "error": it is reported nowhere else. "info": the caller gets it as the `cause` of an RpcError, or the call was
   * cancelled before and this followed from that.
   */
  readonly level: "error" | "info";
  /** "/package.Service/Method" of the call, where there is one. */
  readonly method?: string;
  /** "127.0.0.1:50051", the other side, where it is known. */
  readonly peer?: string;
}

/** Gets what the application threw where the library called it, and what ended a listener. What it throws itself goes to the logger. */
export type ErrorHandler = (error: unknown, context: ErrorContext) => void;

/** Options of whatever calls the application. */
export interface ReportOptions {
  /**
   * Gets each error that the application throws where the library calls it, and why a listener of a server has ended by
   * itself. Default: the logger gets it.
   */
  readonly onError?: ErrorHandler;
  /** Gets the library's messages. Default: errors and warnings on stderr, see POLLWIRE_VERBOSITY. */
  readonly logger?: Logger;
}

/** Has a promise that `call` gives, and everything that it throws, end in `failed`, which must not throw. */
export function callApplication(call: () => unknown, failed: (error: unknown) => void): void {
  let result: unknown;
  try {
    result = call();
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== "function") return;
  } catch (error) {
    return failed(error);
  }
  new Promise((resolve) => resolve(result)).catch(failed);
}

/** Reports for one server or channel. Nothing here throws. */
export class Reporter {
  private readonly onError: ErrorHandler | undefined;
  private readonly logger: Logger;

  /** See {@linkcode ReportOptions}. */
  constructor({ onError, logger = defaultLogger }: ReportOptions = {}) {
    this.onError = onError;
    this.logger = logger;
  }

  /** Hands `error` to `onError`, or to the logger. */
  report(error: unknown, context: ErrorContext): void {
    const { onError } = this;
    if (onError === undefined) return this.log(context.level, sentence(context), error);
    callApplication(() => onError(error, context), (thrown) => {
      this.log("error", "onError threw", thrown);
      this.log(context.level, sentence(context), error);
    });
  }

  /** Logs one message. */
  log(level: LogLevel, message: string, ...details: unknown[]): void {
    const { logger } = this;
    callApplication(() => logger[level](message, ...details), (thrown) => {
      if (logger === defaultLogger) return; // no logger is left to report it
      defaultLogger.error(`the logger threw ${describeThrown(thrown)}`);
      defaultLogger[level](message, ...details);
    });
  }

  /** Logs one line of a trace; only where that is on, see `trace`. */
  trace(name: TraceName, line: string): void {
    this.log("debug", `${name}: ${line}`);
  }
}

/** Reports for those who have neither server nor channel. */
export const defaultReporter: Reporter = new Reporter();

/** What threw, as the beginning of a sentence; "of" a method where there is one. */
const SUBJECTS: Readonly<Record<ErrorPlace, string>> = {
  handler: "handler",
  response: "encoding a response",
  responses: "the iterable of responses",
  request: "encoding a request",
  requests: "the iterable of requests",
  codec: "the codec",
  reaction: "a reaction",
  credentials: "a source of certificates",
  authorization: "a source of an authorization policy",
  onHeaders: "onHeaders",
  onTrailers: "onTrailers",
  acceptConnection: "acceptConnection",
  onAcceptPaused: "onAcceptPaused",
  onWorkerEnd: "onWorkerEnd",
  "queue callback": "a callback of a completion queue or an alarm",
  interceptor: "an interceptor",
  observer: "a call observer",
  "abort listener": "a listener on the signal",
  options: "an option",
  listener: "a listener",
  connection: "a connection, which was ended,",
  balancing: "a balancing policy that follows calls",
  poller: "a callback of a poller",
};

function sentence({ where, method, peer }: ErrorContext): string {
  const of = method === undefined ? "" : ` of ${method}`;
  const did = where === "listener" ? "ended by itself" : "threw";
  return `${SUBJECTS[where]}${of} ${did}${peer === undefined ? "" : ` (peer ${peer})`}`;
}
