// How often this thread has OpenSSL free something.
import { openOpenSsl } from "../../../transport/tls/openssl/library.ts";

const NAMES = ["SSL_SESSION_free", "SSL_free", "SSL_CTX_free"] as const;

/** Counts from here on, until `end`. The library must be there. */
export function countingFrees(): {
  readonly freed: Record<typeof NAMES[number], number>;
  end(): void;
} {
  const opened = openOpenSsl();
  if (!opened.ok) throw new Error(opened.because);
  const functions = opened.openssl as unknown as Record<string, (one: unknown) => void>;
  const freed = { SSL_SESSION_free: 0, SSL_free: 0, SSL_CTX_free: 0 };
  const itself = NAMES.map((name) => [name, functions[name]!] as const);
  for (const [name, free] of itself) {
    functions[name] = (one) => {
      freed[name]++;
      free(one);
    };
  }
  return {
    freed,
    end(): void {
      for (const [name, free] of itself) functions[name] = free;
    },
  };
}
