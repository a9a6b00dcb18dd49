package io.github.lamb4j.internal.engine;

import io.github.lamb4j.internal.engine.Model.Place;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * CRC-32C checksums of float32 weights, of their bytes in little-endian order. Half-precision
 * weights have none: a state contains their masters.
 */
final class WeightChecksums {

  /** Elements read at a time. */
  private static final int PIECE = 1 << 20;

  private final Model model;
  private final Backend backend;

  WeightChecksums(Model model, Backend backend) {
    this.model = model;
    this.backend = backend;
  }

  /** Returns the checksums of all float32 weights, by parameter. Waits for enqueued work. */
  Map<String, String> ofAll() {
    Map<String, String> checksums = new LinkedHashMap<>();
    for (ParameterGroup group : model.groups) {
      for (Parameter parameter : group.parameters()) {
        of(parameter.name()).ifPresent(sum -> checksums.put(parameter.name(), sum));
      }
    }
    return checksums;
  }

  /** Returns the checksum of a parameter's weights, if they are float32. */
  Optional<String> of(String name) {
    Place place = model.placeOf(name);
    Parameter parameter = model.at(place);
    if (parameter.hasMaster()) {
      return Optional.empty();
    }
    int most = (int) Math.min(PIECE, parameter.count());
    ByteBuffer bytes = ByteBuffer.allocate(most * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    CRC32C sum = new CRC32C();
    for (long offset = 0; offset < parameter.count(); offset += most) {
      int length = (int) Math.min(most, parameter.count() - offset);
      bytes.clear().limit(length * Float.BYTES);
      read(place, offset, bytes.asFloatBuffer());
      sum.update(bytes);
    }
    return Optional.of("%08x".formatted(sum.getValue()));
  }

  private void read(Place place, long offset, FloatBuffer target) {
    if (model.at(place) instanceof HostParameter host) {
      target.put(host.weights().floats().slice((int) offset, target.remaining()));
    } else {
      backend.readWeights(place.group(), place.parameter(), offset, target);
    }
  }
}
