// How much of the machine was taken by others while something was measured: a figure of a busy machine is to say so.
import { readFileSync } from "node:fs";
import os from "node:os";

/** Shares of all cores above which a measurement counts as disturbed. */
const OTHERS = 0.08;
const STEAL = 0.02;
/** Least to greatest round, in medians, above which a row is marked. */
const WIDE = 0.25;

const TICK_MICROSECONDS = 10_000;

/**
 * Microseconds since the start of all cores: worked in processes, stolen by the hypervisor, in all; undefined where the
 * system does not say. Interrupts are left out: the kernel's work on our own packets is among them.
 */
export function machineTime() {
  try {
    const fields = /^cpu +(.*)$/m.exec(readFileSync("/proc/stat", "utf8"))[1].split(" ").map(Number);
    const [user, nice, system, idle, waiting, interrupts, softInterrupts, stolen] = fields;
    const all = user + nice + system + idle + waiting + interrupts + softInterrupts + stolen;
    return {
      work: (user + nice + system) * TICK_MICROSECONDS,
      stolen: stolen * TICK_MICROSECONDS,
      all: all * TICK_MICROSECONDS,
    };
  } catch {
    return undefined; // not Linux
  }
}

/** Shares of the machine between two moments that were taken by other processes than `own` microseconds, and stolen. */
export function disturbance(from, to, own) {
  if (from === undefined || to === undefined || to.all === from.all) return undefined;
  const all = to.all - from.all;
  return {
    others: Math.max(0, to.work - from.work - own) / all,
    stolen: Math.max(0, to.stolen - from.stolen) / all,
  };
}

/** The load average of the last minute, or undefined where there is none. */
export function loadAverage() {
  return os.platform() === "win32" ? undefined : os.loadavg()[0];
}

/** Whether the rounds of a row lie far apart. */
export function isWide(value) {
  return value !== undefined && value.max - value.min > WIDE * value.median;
}

/**
 * What `report` says of its machine: `{ busy, lines }`, the lines for people. Busy is a machine where a fifth of the
 * measurements was disturbed, or of which too little is known to say that it was quiet.
 */
export function busyness(report) {
  const rounds = report.results.flatMap(({ rounds }) => rounds).filter((round) => round !== null);
  const known = rounds.map((round) => round.disturbance).filter((found) => found !== undefined);
  const [before, after] = report.machine.loadAverages ?? [];
  const load = before === undefined
    ? []
    : [`Load average ${before.toFixed(1)} before and ${after.toFixed(1)} after`];
  if (known.length === 0) return { busy: false, lines: [[...load, "what else ran is not known"].join("; ")] };
  const disturbed = known.filter(({ others, stolen }) => others > OTHERS || stolen > STEAL).length;
  const mean = (read) => known.reduce((sum, found) => sum + read(found), 0) / known.length;
  const others = mean((found) => found.others);
  const stolen = mean((found) => found.stolen);
  const facts = `other programs took ${percent(others)} of the machine, the hypervisor ${percent(stolen)}; ` +
    `${disturbed} of ${known.length} measurements were disturbed`;
  const busy = disturbed > known.length / 5;
  const lines = [[...load, facts].join("; ")];
  if (busy) lines.unshift("THE MACHINE WAS BUSY: compare rows of this run, quote none of its figures.");
  return { busy, lines };
}

function percent(share) {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}%`;
}
