package io.github.lamb4j.internal.cpu;

import static jdk.incubator.vector.VectorOperators.D2F;
import static jdk.incubator.vector.VectorOperators.F2D;

import java.util.List;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * A program's own use of the vector module, with vectors of other lengths than those of lamb4j. In
 * Java 17 the compiler then no longer knows the classes of vectors in large loops, and allocates
 * them.
 */
final class OtherShapes {

  private static final int ROUNDS = 60_000;

  private OtherShapes() {}

  /** Uses the operations of the vector kernels until they are compiled for all these lengths. */
  static float use() {
    float[] x = new float[16];
    for (int round = 0; round < ROUNDS; round++) {
      for (VectorSpecies<Float> species :
          List.of(FloatVector.SPECIES_64, FloatVector.SPECIES_128, FloatVector.SPECIES_256)) {
        VectorSpecies<Double> wide = VectorSpecies.of(double.class, species.vectorShape());
        FloatVector v = FloatVector.fromArray(species, x, 0);
        FloatVector sum = v.fma(v, v).mul(v).add(1).sqrt().div(v.add(2));
        DoubleVector squared = (DoubleVector) sum.convertShape(F2D, wide, 0);
        FloatVector back = (FloatVector) squared.mul(squared).convertShape(D2F, species, 0);
        back.intoArray(x, 0);
      }
    }
    return x[0];
  }
}
