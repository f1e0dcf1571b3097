// Classes of Node that an API for Node is made of: for adapters to such an API, on every runtime.

export { Buffer } from "node:buffer";
export { EventEmitter } from "node:events";
export { Duplex, Readable, Writable } from "node:stream";
