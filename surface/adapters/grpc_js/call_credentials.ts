// Call credentials as grpc-js has them, and as this library's calls take them.

import { callApplication } from "../../../pollers/mod.ts";
import { HeaderList } from "../../../transport/mod.ts";
import {
  CallCredentials as WireCredentials,
  type CallCredentialsRequest,
  type CallCredentialsSink,
} from "../../credentials/call_credentials.ts";
import { headersOf, isMetadata, Metadata } from "./metadata.ts";

/** What credentials are asked for. */
export interface CallMetadataOptions {
  /** The method's name, "GetFeature". */
  method_name?: string;
  /** The service's URL, "https://example.com/package.Service". */
  service_url: string;
}

/** Gives `callback` the metadata of a call, or why there is none. */
export type CallMetadataGenerator = (
  options: CallMetadataOptions,
  callback: (error: Error | null, metadata?: Metadata) => void,
) => void;

/** What google-auth-library's clients have. */
export interface OAuth2Client {
  /** Headers of a request to `url`. */
  getRequestHeaders?: (url?: string) => Promise<Headers | { [name: string]: string }>;
  /** The same, in older versions. */
  getRequestMetadata?: (
    url: string,
    callback: (error: Error | null, headers?: { [name: string]: string }) => void,
  ) => void;
}

/** What a call shows of itself. */
export abstract class CallCredentials {
  /** The metadata of a call. */
  abstract generateMetadata(options: CallMetadataOptions): Promise<Metadata>;

  /** These and then `callCredentials`. */
  abstract compose(callCredentials: CallCredentials): CallCredentials;

  /** Whether `other` give the same. */
  abstract _equals(other: CallCredentials): boolean;

  /** Those of a function. */
  static createFromMetadataGenerator(metadataGenerator: CallMetadataGenerator): CallCredentials {
    return new GeneratedCredentials(metadataGenerator);
  }

  /** Those of a client of google-auth-library. */
  static createFromGoogleCredential(googleCredentials: OAuth2Client): CallCredentials {
    return new GeneratedCredentials((options, callback) => {
      requestHeaders(googleCredentials, options.service_url).then(metadataOf).then(
        (metadata) => callback(null, metadata),
        (error) => callback(error as Error),
      );
    });
  }

  /** None. */
  static createEmpty(): CallCredentials {
    return new ComposedCredentials([]);
  }
}

function requestHeaders(client: OAuth2Client, url: string): Promise<object> {
  if (typeof client.getRequestHeaders === "function") return client.getRequestHeaders(url);
  return new Promise((resolve, reject) => {
    client.getRequestMetadata!(url, (error, headers) => {
      if (headers === undefined) reject(error ?? new Error("Headers not set by metadata plugin"));
      else resolve(headers);
    });
  });
}

function metadataOf(headers: object): Metadata {
  const metadata = new Metadata();
  const entries = Symbol.iterator in headers
    ? headers as Iterable<[string, string]>
    : Object.entries(headers) as [string, string][];
  for (const [name, value] of entries) metadata.add(name, value);
  return metadata;
}

class GeneratedCredentials extends CallCredentials {
  constructor(private readonly generator: CallMetadataGenerator) {
    super();
  }

  override generateMetadata(options: CallMetadataOptions): Promise<Metadata> {
    return new Promise((resolve, reject) => {
      callApplication(() =>
        this.generator(options, (error, metadata) => {
          if (metadata === undefined) reject(error);
          else resolve(metadata);
        }), reject);
    });
  }

  override compose(other: CallCredentials): CallCredentials {
    return new ComposedCredentials([this, other]);
  }

  override _equals(other: CallCredentials): boolean {
    return other instanceof GeneratedCredentials && other.generator === this.generator;
  }
}

class ComposedCredentials extends CallCredentials {
  constructor(private readonly parts: readonly CallCredentials[]) {
    super();
  }

  override async generateMetadata(options: CallMetadataOptions): Promise<Metadata> {
    const all = new Metadata();
    for (const one of await Promise.all(this.parts.map((part) => part.generateMetadata(options)))) {
      all.merge(one);
    }
    return all;
  }

  override compose(other: CallCredentials): CallCredentials {
    return this.parts.length === 0 ? other : new ComposedCredentials([...this.parts, other]);
  }

  override _equals(other: CallCredentials): boolean {
    if (this === other) return true;
    if (!(other instanceof ComposedCredentials) || other.parts.length !== this.parts.length) return false;
    return this.parts.every((part, at) => part._equals(other.parts[at]!));
  }
}

/** `credentials` as calls of this library take them. */
export class AdaptedCredentials extends WireCredentials {
  constructor(private readonly credentials: CallCredentials) {
    super();
  }

  override fetch(request: CallCredentialsRequest, sink: CallCredentialsSink): HeaderList | undefined {
    const options = { method_name: request.method, service_url: request.serviceUrl };
    this.credentials.generateMetadata(options).then(headersOfCall).then(
      (headers) => sink.onHeaders(headers),
      (error) => sink.onFailed(error),
    );
    return undefined;
  }
}

/** Null is none, as to grpc-js. What is no Metadata has credentials that the call would go without. */
function headersOfCall(metadata: Metadata | null | undefined): HeaderList {
  if (metadata !== null && metadata !== undefined && !isMetadata(metadata)) {
    throw new TypeError(`they gave a value of type ${typeof metadata} that is no Metadata`);
  }
  return headersOf(metadata) ?? new HeaderList([]);
}
