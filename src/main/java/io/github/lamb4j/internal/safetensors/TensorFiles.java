package io.github.lamb4j.internal.safetensors;

import io.github.lamb4j.internal.files.Printable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The tensors of a model: one open safetensors file, or the several of an index ({@code
 * *.index.json}), in the order of their names.
 */
public final class TensorFiles implements AutoCloseable {

  private static final String INDEX = ".index.json";

  private final Path path;
  private final boolean indexed;
  private final List<SafetensorsFile> files = new ArrayList<>();
  private final List<TensorInfo> tensors = new ArrayList<>();

  /** By tensor name, its file. */
  private final Map<String, SafetensorsFile> owners = new HashMap<>();

  private TensorFiles(Path path) throws IOException {
    this.path = path;
    indexed = path.toString().endsWith(INDEX);
    if (indexed) {
      openIndexed();
    } else {
      add(SafetensorsFile.open(path));
    }
  }

  /**
   * Opens a file, or all files of an index.
   *
   * @throws SafetensorsException if one of them is missing or damaged, or the files are not what
   *     the index says
   */
  public static TensorFiles open(Path path) throws IOException {
    return new TensorFiles(path);
  }

  private void openIndexed() throws IOException {
    Map<String, String> map = IndexReader.read(path);
    try {
      for (String name : new TreeSet<>(map.values())) {
        Path file = path.resolveSibling(name);
        if (!Files.exists(file)) {
          throw new SafetensorsException(
              path, "file %s is missing; restore it".formatted(Printable.value(name)));
        }
        add(SafetensorsFile.open(file));
        for (TensorInfo tensor : last().tensors()) {
          requireOwner(tensor.name(), name, map.get(tensor.name()));
        }
      }
      for (Map.Entry<String, String> entry : map.entrySet()) {
        requirePresent(entry.getKey(), entry.getValue());
      }
    } catch (Throwable failure) {
      close();
      throw failure;
    }
  }

  private SafetensorsFile last() {
    return files.get(files.size() - 1);
  }

  private void add(SafetensorsFile file) {
    files.add(file);
    tensors.addAll(file.tensors());
    file.tensors().forEach(tensor -> owners.putIfAbsent(tensor.name(), file));
  }

  private void requireOwner(String tensor, String file, String expected)
      throws SafetensorsException {
    if (expected == null || !expected.equals(file)) {
      throw new SafetensorsException(
          path,
          "tensor %s is in %s, but the index %s; make them agree"
              .formatted(
                  Printable.value(tensor),
                  Printable.value(file),
                  expected == null
                      ? "does not have it"
                      : "says that it is in " + Printable.value(expected)));
    }
  }

  private void requirePresent(String tensor, String file) throws SafetensorsException {
    if (!owners.containsKey(tensor)) {
      throw new SafetensorsException(
          path,
          "tensor %s is not in %s, where the index says it is; make them agree"
              .formatted(Printable.value(tensor), Printable.value(file)));
    }
  }

  /** Whether it was opened by an index. */
  public boolean isIndexed() {
    return indexed;
  }

  /** The files, in the order of their names. */
  public List<SafetensorsFile> files() {
    return List.copyOf(files);
  }

  /** All tensors, file by file in the order of their data. */
  public List<TensorInfo> tensors() {
    return List.copyOf(tensors);
  }

  /** The tensor of this name. */
  public Optional<TensorInfo> tensor(String name) {
    return Optional.ofNullable(owners.get(name)).flatMap(file -> file.tensor(name));
  }

  /** The metadata of all files; of several values for a key, that of the first file. */
  public SortedMap<String, String> metadata() {
    TreeMap<String, String> metadata = new TreeMap<>();
    files.forEach(file -> file.metadata().forEach(metadata::putIfAbsent));
    return metadata;
  }

  /**
   * Refuses files whose metadata differ: parts of one whole that was not written at once.
   *
   * @throws SafetensorsException naming an entry
   */
  public void requireSameMetadata() throws SafetensorsException {
    for (SafetensorsFile file : files) {
      for (Map.Entry<String, String> entry : metadata().entrySet()) {
        if (!entry.getValue().equals(file.metadata().get(entry.getKey()))) {
          throw new SafetensorsException(
              path,
              "its files differ in metadata %s; give files that were written together"
                  .formatted(Printable.value(entry.getKey())));
        }
      }
    }
  }

  /** Reads elements as {@link SafetensorsFile#read} does. */
  public void read(TensorInfo tensor, long offset, FloatBuffer target) throws IOException {
    owners.get(tensor.name()).read(tensor, offset, target);
  }

  /** Reads bytes as {@link SafetensorsFile#readBytes} does. */
  public void readBytes(TensorInfo tensor, long offset, ByteBuffer target) throws IOException {
    owners.get(tensor.name()).readBytes(tensor, offset, target);
  }

  @Override
  public void close() throws IOException {
    for (SafetensorsFile file : files) {
      file.close();
    }
  }
}
