package io.github.lamb4j.cpu;

/** The norm of all gradients, for clipping; the twin of {@code kernels/gradient_norm.cuh}. */
final class GradientNorm {

  private GradientNorm() {}

  /** A tile's sum of g^2. */
  static void tile(CpuGroup group, int tile, Scratch x) {
    Scratch.load(group.segmentOf(tile).gradients(), group.start(tile), group.count(tile), x.g);
    group.weightPartials[tile] = Sums.ofSquares(x.g, x.sums);
  }

  /** A segment's sum of g^2, from its tiles' sums. */
  static double segment(CpuGroup group, int segment, Scratch x) {
    return Sums.ofLanes(
        group.weightPartials,
        group.tiling.firstTile(segment),
        group.tiling.tileCount(segment),
        x.sums);
  }

  /** The norm over all segments of all groups. */
  static double norm(double[] segmentSums, Scratch x) {
    return Math.sqrt(Sums.ofLanes(segmentSums, 0, segmentSums.length, x.sums));
  }

  /** The factor that clipping applies to every gradient. */
  static double scale(double norm, double maxNorm) {
    return norm > maxNorm ? maxNorm / norm : 1;
  }
}
