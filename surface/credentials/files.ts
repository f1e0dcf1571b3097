// Certificates in files that are replaced while the program runs, as Kubernetes and certificate tools do it.

import { belongTogether } from "../../pollers/native/certificate.ts";
import { fileStamp, readTextFileSync } from "../../pollers/native/files.ts";
import { describe } from "../options.ts";
import { isRecord } from "../records.ts";

/** Options whose certificates and keys are paths of PEM files. */
export type FilesOf<Options> = {
  readonly [Name in keyof Options]: Name extends "cert" | "key" | "ca" | "clientCa" ? string : Options[Name];
};

const FILES = ["cert", "key", "ca", "clientCa"];

/** How often files are read again at once where they were replaced meanwhile. */
const ATTEMPTS = 3;

/**
 * A source of options for `tls.client` and `tls.server` that reads the files which `options` names, and reads them again
 * when one of them is another file or was written: files and symbolic links may both be replaced. Of files that are found
 * between two versions, where the key is not the certificate's, those of before are used until it is asked again.
 *
 * @throws {TypeError} for what are no options, and for paths that are no strings
 * @throws {Error} (when credentials are made) that names a file which cannot be read
 */
export function pemFiles<Options extends object>(options: FilesOf<Options>): () => Options {
  const names = checkedNames(options);
  const paths = names.map((name) => (options as Record<string, string>)[name]!);
  const stampNow = (): string => paths.map(fileStamp).join("\n");
  let stamp = "";
  let read: Options | undefined = undefined;
  /** What `read` was made of. */
  let whole = "";
  /** What was found between two versions. Where it is found again nobody is at work on it: it is wrong. */
  let torn = "";
  return () => {
    let found = stampNow();
    if (read !== undefined && found === stamp) return read;
    for (let attempt = 1;; attempt++) {
      const texts = Object.fromEntries(names.map((name, i) => [name, readTextFileSync(paths[i]!)]));
      const before = found;
      found = stampNow();
      if (found !== before && attempt < ATTEMPTS) continue;
      const content = Object.values(texts).join();
      const settled = found === before ? found : "";
      if (read !== undefined && content === whole) {
        stamp = settled;
        return read;
      }
      if (read !== undefined && content !== torn && !isWhole(texts)) {
        torn = content;
        return read;
      }
      stamp = settled;
      whole = content;
      return read = { ...options, ...texts } as Options;
    }
  };
}

/** The names of options that are files. */
function checkedNames(options: unknown): string[] {
  const purpose = "read certificates and keys from files";
  if (!isRecord(options)) {
    throw new TypeError(
      `Cannot ${purpose}: options are ${describe(options)}; give { cert: path, key: path }`,
    );
  }
  const given = options as Readonly<Record<string, unknown>>;
  const names = FILES.filter((name) => given[name] !== undefined);
  const wrong = names.find((name) => typeof given[name] !== "string");
  if (wrong === undefined) return names;
  throw new TypeError(`Cannot ${purpose}: ${wrong} is ${describe(given[wrong])}; give the path of a file`);
}

/** Whether key and certificate, where both are there, are a pair. */
function isWhole({ cert, key }: Readonly<Record<string, string>>): boolean {
  return cert === undefined || key === undefined || belongTogether(cert, key);
}
