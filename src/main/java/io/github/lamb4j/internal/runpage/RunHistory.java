package io.github.lamb4j.internal.runpage;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The steps of a run, evenly thinned out so that memory stays bounded: at the limit, every second
 * one is dropped, and from then on only every second one is kept. The first and the last are always
 * kept.
 */
public final class RunHistory {

  /** A power of two; a page is about as detailed as this. */
  public static final int LIMIT = 512;

  private final List<RunStep> kept = new ArrayList<>();
  private RunStep last;
  private long count;
  private long stride = 1;

  /** Skipped steps that the last report no longer counts: a resumed optimizer counts anew. */
  private long skippedBefore;

  /**
   * Adds a step.
   *
   * @return what is kept of it: the number of skipped steps is that of the whole run
   */
  public RunStep add(RunStep reported) {
    if (last != null && reported.step() < last.step()) {
      skippedBefore = Math.max(skippedBefore, last.skipped() - reported.skipped());
    }
    RunStep step = reported.withSkipped(skippedBefore + reported.skipped());
    last = step;
    if (count++ % stride == 0) {
      keep(step);
    }
    return step;
  }

  private void keep(RunStep step) {
    if (kept.size() == LIMIT) {
      List<RunStep> all = List.copyOf(kept);
      kept.clear();
      for (int i = 0; i < all.size(); i += 2) {
        kept.add(all.get(i));
      }
      stride *= 2;
    }
    kept.add(step); // the limit is even, so that its position fits the new stride
  }

  /** The steps that are kept, in the order in which they were added. */
  public List<RunStep> steps() {
    List<RunStep> steps = new ArrayList<>(kept);
    if (count > 0 && (count - 1) % stride != 0) {
      steps.add(last);
    }
    return steps;
  }

  /** Replaces the steps that are kept. */
  public void replaceAll(UnaryOperator<RunStep> replacement) {
    kept.replaceAll(replacement);
    last = last == null ? null : replacement.apply(last);
  }

  /** The number of steps that were added. */
  public long count() {
    return count;
  }

  /** The names of the layers of the last step; empty before the first. */
  public List<String> lastLayers() {
    return last == null ? List.of() : last.layers().names();
  }
}
