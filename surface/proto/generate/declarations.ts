// What a generated module declares besides types: enums, message types, extensions, services, and the file itself.

import { base64Of } from "../json/base64.ts";
import { fileDescriptorBytes } from "../descriptor/write_file.ts";
import type { EnumNode, FieldNode, MessageNode, MethodNode, ServiceNode } from "../language/nodes.ts";
import { methodKind } from "../service.ts";
import { propertyKey } from "./identifiers.ts";
import { PURE } from "./layout.ts";
import type { Module } from "./module.ts";

/** The schema of an enum, and the function that names its numbers where messages of the module need it. */
export function enumSchemaText(module: Module, node: EnumNode): string {
  const values = node.values.map(({ name, number }) => `${propertyKey(name)}: ${number}`);
  const closed = node.features.enum_type === "CLOSED" ? ", true" : "";
  const made = `${module.runtime("enumType")}(${JSON.stringify(node.fullName)}, { ${
    values.join(", ")
  } }${closed})`;
  return `export const ${module.enumSchema(node)}: ${
    module.runtime("EnumSchema", true)
  } = ${PURE} ${made};\n`;
}

/** The functions that name numbers of enums. */
export function enumNamesText(module: Module, enums: ReadonlyMap<EnumNode, string>): string {
  return [...enums].map(([node, name]) =>
    `const ${name} = ${PURE} ${module.runtime("enumNames")}(${module.enumSchema(node)});\n`
  ).join("");
}

/** A message type, with JSON or without. Editors show of a name that is used as a value the comment of the value alone. */
export function messageTypeText(module: Module, node: MessageNode, json: boolean): string {
  const name = module.name(node);
  const type = module.runtime(json ? "JsonMessageType" : "MessageType", true);
  const made = codecText(module, name, json);
  return `${module.docs.of(node)}export const ${name}: ${type}<${name}> = ${PURE} ${made};\n`;
}

function codecText(module: Module, name: string, json: boolean): string {
  return `${module.runtime(json ? "jsonMessageType" : "messageType")}(${name}$, ${name}$read, ${name}$write)`;
}

/** An extension. `type`: what its `Extension` is of. */
export function extensionText(module: Module, name: string, node: FieldNode, type: string): string {
  const extended = node.extends!;
  const args = [
    JSON.stringify(node.fullName),
    JSON.stringify(extended.fullName),
    `${PURE} ${codecText(module, name, false)}`,
  ];
  if (extended.settings.get("message_set_wire_format") === true) args.push("true");
  const made = `${module.runtime("extension")}(${args.join(", ")})`;
  return `export const ${name}: ${module.runtime("Extension", true)}<${type}> = ${PURE} ${made};\n`;
}

/** The file itself, under `$file`. */
export function fileText(module: Module): string {
  const { file } = module;
  const imports = file.imports.flatMap(({ file }) => file === undefined ? [] : [module.protoFile(file)]);
  const bytes = JSON.stringify(base64Of(fileDescriptorBytes(file)));
  const made = `${module.runtime("protoFile")}(${JSON.stringify(file.path)}, [${
    imports.join(", ")
  }], ${bytes})`;
  return `export const ${module.protoFile(file)}: ${module.runtime("ProtoFile", true)} = ${PURE} ${made};\n`;
}

/** A service. `file`: the name of its file's descriptor, where it is to have one. */
export function serviceCodecText(
  module: Module,
  service: ServiceNode,
  local: (method: MethodNode) => string,
  file: string | undefined,
): string {
  const name = module.name(service);
  const lines = service.methods.map((method) => {
    const level = method.settings.get("idempotency_level");
    const parts = [
      JSON.stringify(method.name),
      JSON.stringify(methodKind(method.clientStreaming, method.serverStreaming)),
      module.name(method.input!),
      module.name(method.output!),
      ...(level === "IDEMPOTENT" || level === "NO_SIDE_EFFECTS" ? [JSON.stringify(level)] : []),
    ];
    // TypeScript expects under the name of a method that every object has that method, and no longer a MethodInit.
    const as = Object.hasOwn(Object.prototype, local(method)) ? " as const" : "";
    return `  ${propertyKey(local(method))}: [${parts.join(", ")}]${as},\n`;
  });
  const methods = lines.length === 0 ? "{}" : `{\n${lines.join("")}}`;
  const args = [JSON.stringify(service.fullName), methods, ...(file === undefined ? [] : [file])];
  const made = `${module.runtime("service")}(${args.join(", ")})`;
  return `${module.docs.of(service)}export const ${name}: ${
    module.runtime("ServiceOf", true)
  }<${name}> = ${PURE} ${made};\n`;
}
