package io.github.lamb4j.emulator;

/** What an instruction does for some lanes of a warp. */
@FunctionalInterface
interface Operation {

  Operation NOTHING = (warp, lanes) -> {};

  /**
   * @param lanes bit l is set if lane l takes part
   */
  void run(Warp warp, int lanes);
}
