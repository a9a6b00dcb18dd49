# The lamb command in a container: docker build -t lamb4j . && docker run --rm --gpus all lamb4j bench
# Without --gpus it runs on the CPU and says so.

FROM maven:3.9.11-eclipse-temurin-17 AS build
WORKDIR /build
COPY . .
RUN scripts/package /lamb4j

# A step needs only the CUDA driver, which the NVIDIA container toolkit provides with --gpus. lamb train and the textbook
# row of lamb bench also need cuBLAS, which is installed alone: the -runtime image contains every library of CUDA.
# Version 12.6 matches JCuda's native libraries, so the container toolkit rejects drivers that are too old for them.
FROM nvidia/cuda:12.6.3-base-ubuntu24.04
LABEL org.opencontainers.image.title="lamb4j" \
      org.opencontainers.image.description="The LAMB optimizer for JCuda programs: the same bits on every GPU and on the CPU" \
      org.opencontainers.image.base.name="nvidia/cuda:12.6.3-base-ubuntu24.04"
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
RUN apt-get update && \
    apt-get install --yes --no-install-recommends libcublas-12-6 && \
    rm -rf /var/lib/apt/lists/*
COPY --from=build /lamb4j /opt/lamb4j
# The CUDA driver keeps the kernels that it compiled here, because the user has no home directory. As a volume it is
# writable even with --read-only; any user may write to it.
ENV CUDA_CACHE_PATH=/var/cache/lamb4j
RUN mkdir --mode=1777 "$CUDA_CACHE_PATH"
VOLUME /var/cache/lamb4j
# A numeric user, so that orchestrators can verify that it is not root. lamb writes only the files it is told to write
# and the cache, so the root file system may be read-only; mount input and output files at /data.
USER 10001:10001
WORKDIR /data
ENTRYPOINT ["/opt/lamb4j/bin/lamb"]
CMD ["info"]
