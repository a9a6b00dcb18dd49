package io.github.lamb4j.tools.bench;

/** One row of the benchmark. */
interface Contender {

  /** The memory copy, whose bandwidth is the upper bound. */
  String COPY = "copy";

  /** The baseline of all ratios. */
  String ADAMW = "AdamW";

  String SINGLE_PASS = "LAMB single-pass";

  String TWO_PASS = "LAMB two-pass";

  /** The only LAMB row on the CPU. */
  String LAMB = "LAMB";

  /** The name in tables. */
  String name();

  /** Takes or enqueues one step. */
  void step();

  /** Takes another step, untimed, and counts its cost. */
  Cost countedStep();

  /**
   * The cost of one step.
   *
   * @param elements the number of model parameters; for the copy, of elements copied
   * @param bytes bytes read and written of weights, gradients and moments
   * @param launches kernel launches or library calls; 0 on the CPU
   */
  record Cost(long elements, long bytes, long launches) {
    double bytesPerElement() {
      return (double) bytes / elements;
    }
  }
}
