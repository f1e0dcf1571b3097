// What an encoder has sent under each name: which values are in its table, and whether values of the name come again.

import type { FieldName } from "./field_name.ts";

/** Values of a name that are compared with the next one. */
const VALUES = 16;

/** Longer values are compared while they are in the table only: no more of them is kept. */
const KEPT_UNITS = 256;

/** Each value that is new costs one, each that came again is worth one, and this is the most there is. */
const PATIENCE = 4;

/** Where names begin whose values are said to come again seldom. */
const DOUBT = -2;

/** The least there is: values of such a name are mostly not compared with others. */
const DESPAIR = -12;

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
  ) {}
}

/** One name's. */
export class NameHistory {
  /** The number of the newest entry with this name; -1: there was none. */
  newest = -1;
  private values: SentValue[] | undefined = undefined;
  /** The oldest value, which the next one takes the place of. */
  private oldest = 0;
  /** What `find` found, and the key of what it looked for. */
  private found: SentValue | undefined = undefined;
  private key = 0;
  /** Above 0: a value that is new is put into the table. */
  private worth: number;

  private asked = 0;

  /** The history of `name`, of which nothing was sent. */
  constructor(readonly name: FieldName) {
    this.worth = name.seldomRepeated ? DOUBT : PATIENCE;
  }

  /** Whether a value that is new should go into the table. */
  get isWorthIndexing(): boolean {
    return this.worth > 0;
  }

  /** Of a name whose values do not come again one in sixteen is worth looking for. */
  get isFutile(): boolean {
    return this.worth === DESPAIR && (++this.asked & 15) !== 0;
  }

  /** The number of the entry with `value`, which may have been evicted; -1 where it was sent without, or never. */
  find(value: string): number {
    const { values } = this;
    this.found = undefined;
    this.key = keyOf(value);
    if (values === undefined) return -1;
    for (let i = 0; i < values.length; i++) {
      const sent = values[i]!;
      if (sent.key !== this.key || sent.value !== value) continue;
      this.found = sent;
      if (sent.number < 0) this.hit();
      return sent.number;
    }
    return -1;
  }

  /** A value came again. */
  hit(): void {
    if (this.worth === DESPAIR) this.worth = 0;
    else if (this.worth < PATIENCE) this.worth++;
  }

  /** The value that `find` was asked for was sent, and not put into the table. */
  sent(value: string): void {
    if (this.found === undefined && this.worth > DESPAIR) this.worth--;
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
    const { found, key, values } = this;
    if (found !== undefined) found.number = number;
    else if (values === undefined) this.values = [new SentValue(key, value, number)];
    else if (values.length < VALUES) values.push(new SentValue(key, value, number));
    else {
      const sent = values[this.oldest]!;
      this.oldest = (this.oldest + 1) % VALUES;
      sent.key = key;
      sent.value = value;
      sent.number = number;
    }
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
    if (name.number < 0) name.number = newNumber(name);
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

/** How many numbers were given out: in the order of first use, so that an encoder's array is short. */
let given = 0;

/** Those of names that the static table does not have. When none is left they are given out again, in turn. */
const shared: number[] = [];
let turn = 0;

/** A name of the static table has its number to itself: an application of many names would have `:authority` forgotten else. */
function newNumber({ staticIndex }: FieldName): number {
  if (given === NUMBERS) return staticIndex > 0 ? shared.pop()! : shared[turn++ % shared.length]!;
  if (staticIndex === 0) shared.push(given);
  return given++;
}

/** Length, last unit and middle one: values of one name that differ, differ in these more often than not. */
function keyOf(value: string): number {
  const { length } = value;
  if (length === 0) return 0;
  return (length << 16) | (value.charCodeAt(length - 1) << 8) | value.charCodeAt(length >> 1);
}
