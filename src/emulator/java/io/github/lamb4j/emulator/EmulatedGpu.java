package io.github.lamb4j.emulator;

/**
 * The emulated GPU of this process, which the stand-ins for JCuda's classes use. It exists from its
 * first use on. A test that wants to start from an empty device resets it.
 */
public final class EmulatedGpu {

  /** The device of {@link #reset()}. It accepts the PTX of every nvcc up to version 13. */
  public static final EmulatedDevice DEFAULT =
      EmulatedDevice.SMALL.withComputeCapability(121).withDriverVersion(13_090);

  private static EmulatedDriver driver;

  private EmulatedGpu() {}

  /** The driver of the emulated GPU: its launches, its live allocations, and failures to plant. */
  public static synchronized EmulatedDriver driver() {
    if (driver == null) {
      reset();
    }
    return driver;
  }

  /** Replaces the GPU by a new one, as at the start of the process. */
  public static void reset() {
    reset(DEFAULT, 1);
  }

  /**
   * Replaces the GPU by a new one with these properties. Everything created on the previous one
   * must no longer be used.
   *
   * @param device {@link #DEFAULT}, or a device made from it
   * @param seed decides the schedule of all launches
   */
  public static void reset(EmulatedDevice device, long seed) {
    EmulatedDriver created = new EmulatedDriver(device, seed);
    created.makeCurrent(0); // a thread has no current context before it asks for one
    use(created);
  }

  /** Replaces the GPU by that of a given driver. */
  public static synchronized void use(EmulatedDriver replacement) {
    driver = replacement;
  }
}
