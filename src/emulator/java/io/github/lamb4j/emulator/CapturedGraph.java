package io.github.lamb4j.emulator;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** The work that was recorded on a stream, in its order. */
final class CapturedGraph implements Graph {

  private final List<Runnable> work;
  private final Consumer<CapturedGraph> launcher;
  private final Set<CapturedGraph> open;

  /**
   * @param launcher has the graph run in its stream's order
   * @param open the graphs that are not closed yet, this one from now on
   */
  CapturedGraph(List<Runnable> work, Consumer<CapturedGraph> launcher, Set<CapturedGraph> open) {
    this.work = work;
    this.launcher = launcher;
    this.open = open;
    open.add(this);
  }

  @Override
  public void replay() {
    if (!open.contains(this)) throw new EmulatorException("a replay of a graph that is closed");
    launcher.accept(this);
  }

  void run() {
    work.forEach(Runnable::run);
  }

  @Override
  public void close() {
    if (!open.remove(this)) throw new EmulatorException("a graph closed twice");
  }

  @Override
  public String toString() {
    return "a graph of %d calls".formatted(work.size());
  }
}
