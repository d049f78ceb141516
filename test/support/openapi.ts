// Holds a value against a schema of an OpenAPI document: as much of JSON Schema as ours use, and no more.
import * as v from 'valibot';

const Schema = v.looseObject({
  $ref: v.optional(v.string()),
  type: v.optional(v.union([v.string(), v.array(v.string())])),
  enum: v.optional(v.array(v.string())),
  required: v.optional(v.array(v.string())),
  properties: v.optional(v.record(v.string(), v.unknown())),
  additionalProperties: v.optional(v.boolean()),
  items: v.optional(v.unknown()),
  minimum: v.optional(v.number()),
});

/** What is wrong with the value, one line each; nothing where it fits. */
export function matchesSchema(document: unknown, schema: unknown, value: unknown): string[] {
  return new Checker(document).check(schema, value, '$');
}

class Checker {
  readonly #document: unknown;

  constructor(document: unknown) {
    this.#document = document;
  }

  check(schema: unknown, value: unknown, at: string): string[] {
    const { $ref, type, enum: words, minimum, ...rest } = v.parse(Schema, schema);
    if ($ref !== undefined) return this.check(resolve(this.#document, $ref), value, at);
    const types = type === undefined ? [] : [type].flat();
    if (types.length > 0 && !types.some((name) => isOf(name, value)))
      return [`${at} is no ${types.join(' or ')}`];
    if (words !== undefined && !words.includes(String(value)))
      return [`${at} is none of ${words.join(', ')}`];
    if (minimum !== undefined && typeof value === 'number' && value < minimum) return [`${at} is too small`];
    if (Array.isArray(value)) {
      return value.flatMap((item, i) => this.check(rest.items ?? {}, item, `${at}[${String(i)}]`));
    }
    if (typeof value !== 'object' || value === null) return [];
    const { required = [], properties = {} } = rest;
    const missing = required.filter((name) => !(name in value)).map((name) => `${at}.${name} is missing`);
    const others = Object.entries(value).flatMap(([name, inner]) =>
      name in properties
        ? this.check(properties[name], inner, `${at}.${name}`)
        : rest.additionalProperties === false
          ? [`${at}.${name} is not described`]
          : [],
    );
    return [...missing, ...others];
  }
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function resolve(document: unknown, ref: string): unknown {
  return ref
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((inner, name) => v.parse(v.record(v.string(), v.unknown()), inner)[name], document);
}
