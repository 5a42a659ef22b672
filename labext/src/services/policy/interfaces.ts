/** What an administrator allows, and how much of it is taken. */

/** `null` means that it is not limited. */
export interface IAllowance {
  /** Names, URLs, or patterns with `*`. */
  readonly channels: readonly string[] | null;
  /** Packages that were published in the last so many days are left out. */
  readonly quarantine_days: number | null;
  /** How many environments the person has. */
  readonly environments: number;
  readonly most_environments: number | null;
  /** Bytes that these and the package cache take; measured where they are limited. */
  readonly used: number | null;
  readonly disk: number | null;
  /** Whom to ask; may be empty. */
  readonly contact: string;
}

/** The policy resource. */
export interface IPolicyApi {
  /** `null` where nothing is ruled. */
  allowance(): Promise<IAllowance | null>;
}
