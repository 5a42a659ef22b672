/** Environments that somebody publishes for everybody on a JupyterHub. */

/** One of them, and which generation of it a kernel that is started now gets. */
export interface ISharedEnvironment {
  readonly name: string;
  readonly generation: number;
}

/** The shared resource. */
export interface ISharedApi {
  /** What is published; `null` where no Hub publishes anything. */
  published(): Promise<readonly ISharedEnvironment[] | null>;
}
