/** A source of random values that fast-check can shrink. */
export interface Arbitrary<T> {
  map<U>(by: (value: T) => U): Arbitrary<U>
}

/** What is used of the module fast-check (4.x), so that the suite does not depend on it. */
export interface FastCheck {
  integer(o: { min: number; max: number }): Arbitrary<number>
  boolean(): Arbitrary<boolean>
  constantFrom<T>(...values: T[]): Arbitrary<T>
  constant<T>(value: T): Arbitrary<T>
  record<T>(of: { [K in keyof T]: Arbitrary<T[K]> }): Arbitrary<T>
  oneof<T>(...of: Arbitrary<T>[]): Arbitrary<T>
  array<T>(of: Arbitrary<T>, o: { minLength?: number; maxLength: number }): Arbitrary<T[]>
  asyncProperty<T>(of: Arbitrary<T>, holds: (value: T) => Promise<void>): unknown
  assert(property: never, o: { numRuns: number; seed: number }): Promise<void> | void
}
