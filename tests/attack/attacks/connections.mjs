// Connections that are opened and left alone.
import { Buffer } from "node:buffer";
import { PREFACE } from "../frames.mjs";

/** See `../list.mjs`. */
export default [
  {
    name: "idle-handshakes",
    says: "2,000 connections that say nothing",
    run: (attack) => attack.crowd(2_000, () => {}, { preface: Buffer.alloc(0), quiet: true, batch: 200 }),
  },
  {
    name: "half-prefaces",
    says: "2,000 connections that say half of the preface",
    run: (attack) =>
      attack.crowd(2_000, () => {}, { preface: PREFACE.subarray(0, 10), quiet: true, batch: 200 }),
  },
  {
    name: "idle-connections",
    says: "2,000 connections that are made and not used",
    run: (attack) => attack.crowd(2_000, () => {}, { batch: 200 }),
  },
];
