package io.github.lamb4j.tools.bench;

/** One of the things whose times are compared. */
interface Contender {

  /** The device copy: the ceiling that the others are measured against. */
  String COPY = "copy";

  /** What ratios are taken to. */
  String ADAMW = "AdamW";

  String SINGLE_PASS = "LAMB single-pass";

  String TWO_PASS = "LAMB two-pass";

  /** Its name in tables. */
  String name();

  /** Takes one step, or enqueues it. */
  void step();

  /** Takes one more step, untimed, and counts what it costs. */
  Cost countedStep();

  /**
   * What one step costs.
   *
   * @param elements parameters of the model; for the copy, elements copied
   * @param bytes moved of weights, gradients and moments, reads and writes
   * @param launches of kernels or of library calls, 0 where nothing is launched
   */
  record Cost(long elements, long bytes, long launches) {
    double bytesPerElement() {
      return (double) bytes / elements;
    }
  }
}
