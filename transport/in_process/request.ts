// What a server learns of an in-process call when it begins.

import { Field } from "../hpack/field.ts";
import { fieldName } from "../hpack/field_name.ts";
import { HeaderList } from "../hpack/header_list.ts";
import { encodeTimeout } from "../grpc/timeout.ts";
import type { RequestHead, RequestTemplate } from "../transport.ts";

/** The lists are the client's own: they are immutable. */
export class InProcessRequest implements RequestHead {
  readonly path: string;
  readonly encoding = "identity";

  constructor(
    private readonly template: RequestTemplate,
    readonly timeoutMs: number | undefined,
    readonly metadata: HeaderList,
  ) {
    this.path = template.path;
  }

  get authority(): string {
    return this.template.headers.get(":authority") ?? "";
  }

  /** Made when it is asked for. */
  get headers(): HeaderList {
    const { template, timeoutMs, metadata } = this;
    const timeout = timeoutMs === undefined
      ? []
      : [Field.of(fieldName("grpc-timeout"), encodeTimeout(timeoutMs))];
    return new HeaderList([...template.headers.entries, ...timeout, ...metadata.entries]);
  }
}
