// Parses an AsyncAPI document with its protobuf payloads: node asyncapi.mjs FOLDER-OF-NODE_MODULES DOCUMENT
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [modules, path] = process.argv.slice(2);
const require = createRequire(resolve(modules) + "/");
const { Parser, fromFile } = require("@asyncapi/parser");
const { ProtoBuffSchemaParser } = require("@asyncapi/protobuf-schema-parser");
const parser = new Parser();
parser.registerSchemaParser(ProtoBuffSchemaParser());
const { document, diagnostics } = await fromFile(parser, path).parse();
for (const { code, message, path: at } of diagnostics) console.error(`${code} ${at.join(".")}: ${message}`);
if (!document || diagnostics.length > 0) process.exit(1);
for (const message of document.allMessages().all()) {
  const fields = Object.keys(message.payload().properties() ?? {}).length;
  if (fields === 0) throw new Error(`${message.id()} has no field`);
  console.log(`${message.id()}: ${fields} fields`);
}
