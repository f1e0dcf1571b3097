// What an encoder has sent under each name: which values are in its table, and whether values of the name come again.

import type { FieldName } from "./field_name.ts";

/** Values of a name that are compared with the next one. */
const VALUES = 16;

/** Longer values are compared while they are in the table only: no more of them is kept. */
const KEPT_UNITS = 256;

/** Each insertion costs one, each value that came again is worth one, and this is the most there is. */
const PATIENCE = 4;

/** Where names begin whose values are said to come again seldom. */
const DOUBT = -2;

/** Histories of a connection; beyond that all are forgotten, and with them only what repeats. */
const MAX_HISTORIES = 256;

/** Names get numbers up to here; then the numbers are used again, which `NameHistories` notices. */
const NUMBERS = 256;

/** A value that was sent. */
class SentValue {
  constructor(
    /** What tells it from others at little cost: see `keyOf`. */
    public key: number,
    public value: string,
    /** The number of its entry in the table, or -1. */
    public number: number,
    /** The one before. */
    public next: SentValue | undefined,
  ) {}
}

/** One name's. */
export class NameHistory {
  /** The number of the newest entry with this name; -1: there was none. */
  newest = -1;
  /** The values, newest first. */
  private values: SentValue | undefined = undefined;
  private count = 0;
  /** What `find` found. */
  private found: SentValue | undefined = undefined;
  /** Above 0: a value that is new is put into the table. */
  private worth: number;

  /** The history of `name`, of which nothing was sent. */
  constructor(readonly name: FieldName) {
    this.worth = name.seldomRepeated ? DOUBT : PATIENCE;
  }

  /** Whether a value that is new should go into the table. */
  get isWorthIndexing(): boolean {
    return this.worth > 0;
  }

  /** The number of the entry with `value`, which may have been evicted; -1 where it was sent without, or never. */
  find(value: string): number {
    const key = keyOf(value);
    let sent = this.values;
    while (sent !== undefined && (sent.key !== key || sent.value !== value)) sent = sent.next;
    this.found = sent;
    if (sent === undefined) return -1;
    if (sent.number < 0) this.hit();
    return sent.number;
  }

  /** A value came again. */
  hit(): void {
    if (this.worth < PATIENCE) this.worth++;
  }

  /** The value that `find` was asked for was sent, and not put into the table. */
  sent(value: string): void {
    if (value.length <= KEPT_UNITS) this.keep(value, -1);
  }

  /** The value that `find` was asked for was put into the table; undefined: nobody knows it as a string. */
  inserted(value: string | undefined, number: number): void {
    this.newest = number;
    if (value === undefined) return;
    if (this.worth > 0) this.worth--;
    this.keep(value, number);
  }

  private keep(value: string, number: number): void {
    if (this.found !== undefined) {
      this.found.number = number;
      return;
    }
    if (this.count < VALUES) {
      this.count++;
      this.values = new SentValue(keyOf(value), value, number, this.values);
      return;
    }
    const oldest = this.takeOldest();
    oldest.key = keyOf(value);
    oldest.value = value;
    oldest.number = number;
    oldest.next = this.values;
    this.values = oldest;
  }

  private takeOldest(): SentValue {
    let before = this.values!;
    while (before.next!.next !== undefined) before = before.next!;
    const oldest = before.next!;
    before.next = undefined;
    return oldest;
  }
}

/** Those of one encoder. */
export class NameHistories {
  private histories: Array<NameHistory | undefined> = [];
  /** Of names that only peers have sent: a call that is passed on has them. */
  private foreign: Map<string, NameHistory> | undefined = undefined;

  /** The history of `name`. */
  of(name: FieldName): NameHistory {
    const history = this.histories[name.number];
    return history !== undefined && history.name === name ? history : this.find(name);
  }

  private find(name: FieldName): NameHistory {
    if (!name.own) return this.findForeign(name);
    if (name.number < 0) name.number = nextNumber++ % NUMBERS;
    return this.histories[name.number] = new NameHistory(name);
  }

  private findForeign(name: FieldName): NameHistory {
    const { text } = name;
    let history = (this.foreign ??= new Map()).get(text);
    if (history !== undefined) return history;
    if (this.foreign.size >= MAX_HISTORIES) this.foreign.clear();
    this.foreign.set(text, history = new NameHistory(name));
    return history;
  }
}

/** In the order of their first use, so that an encoder's array is short. */
let nextNumber = 0;

/** Length, last unit and middle one: values of one name that differ, differ in these more often than not. */
function keyOf(value: string): number {
  const { length } = value;
  if (length === 0) return 0;
  return (length << 16) | (value.charCodeAt(length - 1) << 8) | value.charCodeAt(length >> 1);
}
