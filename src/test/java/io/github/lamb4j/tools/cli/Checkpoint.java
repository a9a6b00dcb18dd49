package io.github.lamb4j.tools.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.lamb4j.internal.safetensors.SafetensorsFile;
import io.github.lamb4j.internal.safetensors.TensorInfo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/** A safetensors file in the making, of any element types, put together byte by byte. */
final class Checkpoint {

  /** A tensor: its header entry and its bytes. */
  private record Tensor(String dtype, long[] shape, byte[] data) {}

  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, String> metadata = new TreeMap<>();

  static long[] shape(long... dimensions) {
    return dimensions;
  }

  Checkpoint f32(String name, long[] shape, float... values) {
    ByteBuffer data = buffer(4 * values.length);
    for (float value : values) {
      data.putFloat(value);
    }
    return raw(name, "F32", shape, data.array());
  }

  /** A vector. */
  Checkpoint f32(String name, float... values) {
    return f32(name, shape(values.length), values);
  }

  /** A tensor of 16-bit elements. */
  Checkpoint half(String name, String dtype, long[] shape, short... bits) {
    ByteBuffer data = buffer(2 * bits.length);
    for (short value : bits) {
      data.putShort(value);
    }
    return raw(name, dtype, shape, data.array());
  }

  Checkpoint raw(String name, String dtype, long[] shape, byte[] data) {
    tensors.put(name, new Tensor(dtype, shape, data));
    return this;
  }

  /** Adds its tensors to another. */
  void copyTo(Checkpoint other) {
    other.tensors.putAll(tensors);
  }

  Set<String> names() {
    return tensors.keySet();
  }

  Checkpoint without(String name) {
    tensors.remove(name);
    return this;
  }

  Checkpoint metadata(String key, String value) {
    metadata.put(key, value);
    return this;
  }

  Path write(Path file) throws IOException {
    return Files.write(file, bytes());
  }

  byte[] bytes() throws IOException {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(header)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart("__metadata__");
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
        Tensor tensor = entry.getValue();
        json.writeObjectFieldStart(entry.getKey());
        json.writeStringField("dtype", tensor.dtype);
        json.writeFieldName("shape");
        json.writeArray(tensor.shape, 0, tensor.shape.length);
        json.writeFieldName("data_offsets");
        long[] offsets = {data.size(), data.size() + tensor.data.length};
        json.writeArray(offsets, 0, 2);
        json.writeEndObject();
        data.writeBytes(tensor.data);
      }
      json.writeEndObject();
    }
    ByteBuffer file = buffer(8 + header.size() + data.size());
    return file.putLong(header.size()).put(header.toByteArray()).put(data.toByteArray()).array();
  }

  /** The values that were put in: what the bytes mean, without the reader's help. */
  Map<String, float[]> values() {
    Map<String, float[]> values = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> values.put(name, decode(tensor)));
    return values;
  }

  private static float[] decode(Tensor tensor) {
    ByteBuffer data = ByteBuffer.wrap(tensor.data).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[tensor.data.length / (tensor.dtype.equals("F32") ? 4 : 2)];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (tensor.dtype) {
            case "F32" -> data.getFloat();
            case "F16" -> f16(data.getShort());
            default -> Float.intBitsToFloat(data.getShort() << 16);
          };
    }
    return values;
  }

  /** Normal numbers alone. */
  private static float f16(short bits) {
    double magnitude = (1 + (bits & 0x3FF) / 1024.0) * Math.pow(2, (bits >> 10 & 31) - 15);
    return (float) (bits < 0 ? -magnitude : magnitude);
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The values of all tensors of a file, in the order of the file. */
  static Map<String, float[]> values(Path path) throws IOException {
    Map<String, float[]> values = new LinkedHashMap<>();
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      for (TensorInfo tensor : file.tensors()) {
        float[] own = new float[(int) tensor.elementCount()];
        file.read(tensor, 0, FloatBuffer.wrap(own));
        values.put(tensor.name(), own);
      }
    }
    return values;
  }

  static Map<String, String> metadata(Path path) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      return file.metadata();
    }
  }

  static float[] gaussian(Random random, int count, double scale) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (scale * random.nextGaussian());
    }
    return values;
  }
}
