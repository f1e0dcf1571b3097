// protoc-gen-pollwire: the generator as a plugin of protoc and buf, without input and output.

import { Edition } from "../../proto/language/nodes.ts";
import { linkDescriptors } from "../../proto/descriptor/link_descriptors.ts";
import { generate } from "../../proto/generate/generate.ts";
import { takeComments } from "./descriptor_comments.ts";
import { readParameter } from "./options.ts";
import { type CodeGeneratorRequest, type CodeGeneratorResponse, pluginMessages } from "./plugin_messages.ts";

/** CodeGeneratorResponse.Feature: `optional` in proto3 and editions are understood. */
const FEATURE_PROTO3_OPTIONAL = 1n;
const FEATURE_SUPPORTS_EDITIONS = 2n;

/**
 * Answers a serialised CodeGeneratorRequest with a CodeGeneratorResponse. What is wrong with files or parameter is its
 * `error`. Throws DecodeError where the request itself cannot be read.
 */
export function runPlugin(bytes: Uint8Array): Uint8Array {
  const { request, response } = pluginMessages();
  return response.encode(answer(request.decode(bytes)));
}

function answer(request: CodeGeneratorRequest): CodeGeneratorResponse {
  const response: CodeGeneratorResponse = {
    supportedFeatures: FEATURE_PROTO3_OPTIONAL | FEATURE_SUPPORTS_EDITIONS,
    minimumEdition: Edition.PROTO2,
    maximumEdition: Edition.E2024,
    file: [],
  };
  try {
    return { ...response, file: generated(request) };
  } catch (error) {
    return { ...response, error: error instanceof Error ? error.message : String(error) };
  }
}

function generated(
  { fileToGenerate, parameter, protoFile }: CodeGeneratorRequest,
): CodeGeneratorResponse["file"] {
  const options = readParameter(parameter);
  const files = new Map(
    linkDescriptors(protoFile).map((file, i) => [file.path, { file, bytes: protoFile[i]! }]),
  );
  const wanted = fileToGenerate.map((name) => {
    const found = files.get(name);
    if (found === undefined) throw new Error(`Cannot generate of ${name}: the request has no such file`);
    takeComments(found.file, found.bytes);
    return found.file;
  });
  return generate(wanted, options).map(({ path, text }) => ({ name: path, content: text }));
}
