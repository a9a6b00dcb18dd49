package io.github.lamb4j.emulator;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** The work recorded on a stream, in order. */
final class CapturedGraph implements Graph {

  private final List<Runnable> work;
  private final Consumer<CapturedGraph> launcher;
  private final Set<CapturedGraph> open;

  /**
   * @param launcher enqueues the graph on its stream
   * @param open the graphs that are not closed; this one is added
   */
  CapturedGraph(List<Runnable> work, Consumer<CapturedGraph> launcher, Set<CapturedGraph> open) {
    this.work = work;
    this.launcher = launcher;
    this.open = open;
    open.add(this);
  }

  @Override
  public void replay() {
    if (!open.contains(this)) throw new EmulatorException("replay of a closed graph");
    launcher.accept(this);
  }

  void run() {
    work.forEach(Runnable::run);
  }

  @Override
  public void close() {
    if (!open.remove(this)) throw new EmulatorException("graph closed twice");
  }

  @Override
  public String toString() {
    return "a graph of %d calls".formatted(work.size());
  }
}
