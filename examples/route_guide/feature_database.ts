// Places along an invented coast: name, latitude and longitude in degrees times 10^7.
import type { Feature, Point, Rectangle } from "./types.ts";

// deno-fmt-ignore
const PLACES: ReadonlyArray<readonly [name: string, latitude: number, longitude: number]> = [
  ["Gull Tower", 540000000, 111000000],
  ["Timber Market", 540300000, 100400000],
  ["Moss Tower", 540400000, 87300000],
  ["Granite Green", 540400000, 90000000],
  ["Rowan Hill", 540600000, 87800000],
  ["Otter Green", 541000000, 109800000],
  ["Copper Hill", 541100000, 92000000],
  ["Pebble Mill", 541100000, 93000000],
  ["Heron Green", 541300000, 90900000],
  ["Gull House", 541300000, 104200000],
  ["Swift Cross", 541700000, 85000000],
  ["Vale Head", 541700000, 104500000],
  ["Pine Head", 541800000, 96400000],
  ["Moss Point", 542000000, 88800000],
  ["Gale Head", 542300000, 100800000],
  ["Linden Ford", 542400000, 88400000],
  ["Lark Mill", 542400000, 103100000],
  ["Granite Lock", 542500000, 101400000],
  ["Flint Ridge", 542500000, 102500000],
  ["South Viaduct", 543100000, 97400000],
  ["Copper House", 543200000, 94200000],
  ["Oak House", 543300000, 102300000],
  ["Swift Quay", 543300000, 108200000],
  ["Harbour Lock", 543400000, 101100000],
  ["Reed Cross", 543600000, 110700000],
  ["Marsh Viaduct", 543700000, 105500000],
  ["Heron Gate", 543800000, 100700000],
  ["Lark Quay", 544000000, 110600000],
  ["Moss Lighthouse", 544100000, 111600000],
  ["Hazel Bridge", 544200000, 92100000],
  ["Stone Lock", 544300000, 103200000],
  ["Pebble Ridge", 544600000, 108700000],
  ["Gull Landing", 544700000, 85100000],
  ["Wind Pier", 544800000, 105400000],
  ["Yarrow Quay", 545000000, 106500000],
  ["Hazel Well", 545000000, 111300000],
  ["Fern Station", 545100000, 103700000],
  ["Oak Pier", 545300000, 87400000],
  ["Tern Station", 545300000, 89200000],
  ["Pebble Viaduct", 545500000, 87900000],
  ["Harbour Tower", 545700000, 100000000],
  ["Raven Viaduct", 545700000, 111800000],
  ["Thistle Landing", 545800000, 105200000],
  ["Hazel Quay", 546000000, 89900000],
  ["Wind Market", 546100000, 87700000],
  ["Hazel Tower", 546300000, 89900000],
  ["South Station", 546600000, 86600000],
  ["Maple Green", 546600000, 106800000],
  ["Pine Green", 546900000, 89000000],
  ["Dawn Ridge", 547100000, 86900000],
  ["Timber House", 547100000, 87400000],
  ["Dawn Head", 547500000, 98400000],
  ["Wind Meadow", 547700000, 98400000],
  ["Birch Landing", 547900000, 93600000],
  ["Reed Pier", 548000000, 101200000],
  ["Linden Quay", 548300000, 96500000],
  ["Crane Gate", 548500000, 99000000],
  ["Cedar Gate", 548500000, 100100000],
  ["Kestrel Pier", 548500000, 102800000],
  ["Raven Head", 548600000, 85700000],
  ["Dawn Landing", 548600000, 97300000],
  ["Maple Well", 548600000, 102800000],
  ["Tide Gate", 548800000, 110100000],
  ["Gale Mill", 548900000, 97300000],
  ["Reed Well", 548900000, 99300000],
  ["South Green", 549000000, 88400000],
  ["Gale Ridge", 549100000, 89300000],
  ["Tern Gate", 549300000, 87000000],
  ["Heron Cross", 549300000, 89400000],
  ["Linden Viaduct", 549600000, 107800000],
  ["Yarrow Ridge", 549600000, 111400000],
  ["Ember Market", 549700000, 86900000],
  ["Thistle Viaduct", 549700000, 87000000],
  ["Swift Point", 549700000, 111700000],
  ["Maple Pier", 549800000, 100200000],
  ["Mill Head", 550200000, 88900000],
  ["Pine Lock", 550200000, 101900000],
  ["South Cross", 550300000, 91900000],
  ["Ember Point", 550600000, 98400000],
  ["Gale House", 551000000, 92800000],
  ["Mill Pier", 551100000, 104500000],
  ["Otter Cross", 551200000, 87600000],
  ["Otter Market", 551400000, 97700000],
  ["Maple Lock", 551600000, 96700000],
  ["Kestrel Point", 551600000, 107200000],
  ["Ember Ridge", 551900000, 87100000],
  ["Pine Lighthouse", 552000000, 97900000],
  ["Wren Ford", 552100000, 90300000],
  ["Reed Market", 552200000, 85900000],
  ["Crane Cross", 552200000, 108500000],
  ["Lark Green", 552300000, 93300000],
  ["Tide Well", 552400000, 86800000],
  ["Wren Lock", 552400000, 93800000],
  ["Slate Bridge", 552700000, 87100000],
  ["Granite Market", 552900000, 92400000],
  ["Sand Ridge", 553000000, 101800000],
  ["Fern Meadow", 553100000, 108800000],
  ["Slate Point", 553100000, 111000000],
  ["Quarry Well", 553300000, 103700000],
  ["Birch Bridge", 553400000, 109300000],
  ["Yarrow Hill", 553500000, 93000000],
  ["Stone Pier", 553500000, 107000000],
  ["Copper Ford", 553700000, 102900000],
  ["Salt Mill", 553800000, 101800000],
  ["Gale Tower", 553800000, 104900000],
  ["Alder Point", 553900000, 104700000],
  ["Quarry Ford", 554000000, 88100000],
  ["Tide Ford", 554000000, 107100000],
  ["Tern Tower", 554100000, 85000000],
  ["Flint Mill", 554600000, 91500000],
  ["Rowan Bridge", 554600000, 99700000],
  ["Slate Landing", 554800000, 89500000],
  ["Juniper Ridge", 554900000, 91700000],
  ["Wharf Ridge", 555300000, 85900000],
  ["Oak Meadow", 555300000, 101600000],
  ["Raven Quay", 555700000, 93300000],
  ["Raven Well", 555700000, 96700000],
  ["Fern Green", 555700000, 109000000],
  ["South Gate", 555800000, 92400000],
  ["Wharf Quay", 555900000, 105700000],
];

/** Every place. */
export const features: readonly (Feature & { location: Point })[] = PLACES.map((
  [name, latitude, longitude],
) => ({
  name,
  location: { latitude, longitude },
}));

/** What a point that was left out stands for: one whose fields are left out. */
const ORIGIN: Point = { latitude: 0, longitude: 0 };

const byLocation = new Map(features.map((feature) => [key(feature.location), feature]));

/** A string that is the same for equal points. */
export function key({ latitude, longitude }: Point = ORIGIN): string {
  return `${latitude},${longitude}`;
}

/** The feature at `point`; one without a name where there is none. */
export function featureAt(point: Point): Feature {
  return byLocation.get(key(point)) ?? { name: "", location: point };
}

/** Whether `point` lies in `rectangle`, whichever corners it names. */
export function contains({ lo = ORIGIN, hi = ORIGIN }: Rectangle, point: Point = ORIGIN): boolean {
  const { latitude, longitude } = point;
  return latitude >= Math.min(lo.latitude, hi.latitude) && latitude <= Math.max(lo.latitude, hi.latitude) &&
    longitude >= Math.min(lo.longitude, hi.longitude) && longitude <= Math.max(lo.longitude, hi.longitude);
}

/** Metres between two points, along a great circle. */
export function distance(from: Point, to: Point): number {
  const radians = (degreesE7: number) => degreesE7 / 1e7 * Math.PI / 180;
  const latitudes = radians(to.latitude - from.latitude) / 2;
  const longitudes = radians(to.longitude - from.longitude) / 2;
  const a = Math.sin(latitudes) ** 2 +
    Math.cos(radians(from.latitude)) * Math.cos(radians(to.latitude)) * Math.sin(longitudes) ** 2;
  return 2 * 6_371_000 * Math.asin(Math.sqrt(a));
}
