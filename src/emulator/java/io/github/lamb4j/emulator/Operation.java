package io.github.lamb4j.emulator;

/** The effect of an instruction on some lanes of a warp. */
@FunctionalInterface
interface Operation {

  Operation NOTHING = (warp, lanes) -> {};

  /**
   * @param lanes bit l is set if lane l takes part
   */
  void run(Warp warp, int lanes);
}
