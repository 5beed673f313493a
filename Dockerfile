# The image: the program, the shared libraries that it loads, CA certificates; no shell, no package
# manager. `scripts/image` builds and tries it; `docker build .` works as well. amd64 and arm64.
#
# The base is pinned by a tag that Debian's image builders do not move; who wants it by digest gives
# BASE=docker.io/library/debian@sha256:… Packages are today's, security fixes included; SNAPSHOT=
# 20261101T000000Z takes those of that time instead, and then, with SOURCE_DATE_EPOCH, the same
# bytes come out again.
ARG BASE=docker.io/library/debian:bookworm-20250520-slim

FROM ${BASE} AS build
ARG SNAPSHOT=
ARG SOURCE_DATE_EPOCH=0
ENV DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
RUN if [ -n "$SNAPSHOT" ]; then \
	rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*; \
	for suite in debian/$SNAPSHOT:bookworm debian-security/$SNAPSHOT:bookworm-security; do \
		echo "deb [check-valid-until=no] http://snapshot.debian.org/archive/${suite%:*} ${suite##*:} main"; \
	done >/etc/apt/sources.list; fi
# scripts/setup's list "run" without what only the demo and the tests take; .ci/image compares them.
# g++ is for the static C++ library below.
RUN apt-get -q update && apt-get -qy install --no-install-recommends \
	ca-certificates \
	cmake \
	g++ \
	gcc \
	libc6-dev \
	libcjson-dev \
	libcrypt-dev \
	libcurl4-openssl-dev \
	libdeflate-dev \
	libgnutls28-dev \
	libmicrohttpd-dev \
	libnghttp2-dev \
	libpcre2-dev \
	libprotobuf-c-dev \
	libsnappy-dev \
	libsystemd-dev \
	libuv1-dev \
	libyaml-dev \
	libzstd-dev \
	ninja-build \
	pkg-config \
	protobuf-c-compiler \
	protobuf-compiler \
	zlib1g-dev
COPY . /src
WORKDIR /src
# snappy is the only C++ here: linked statically it takes 40 kB, and 2.2 MB of libstdc++ stay out.
RUN rm /usr/lib/*-linux-gnu/libsnappy.so && \
	cmake --preset release -DCMAKE_C_STANDARD_LIBRARIES="-l:libstdc++.a -lgcc_eh" && \
	cmake --build build/release --target invar -j "$(nproc)"
# The C library resolves names by itself (nss_files and nss_dns are part of it since 2.34). Time zones
# are for stage.timestamp's `location`.
RUN set -eu; umask 022; mkdir -p /image/etc/ssl/certs /image/usr/bin; cd /image; \
	ln -s usr/bin bin; mkdir -p usr/lib usr/lib64; ln -s usr/lib lib; ln -s usr/lib64 lib64; \
	install -m 755 /src/build/release/invar usr/bin/invar; strip usr/bin/invar; \
	ldd usr/bin/invar | grep -oE '/[^ ]+' | while read -r library; do \
		cp --parents -L "$library" .; done; \
	cp -L /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/; \
	echo 'root:x:0:0:root:/:/usr/sbin/nologin' >etc/passwd; \
	echo 'root:x:0:' >etc/group; \
	echo 'hosts: files dns' >etc/nsswitch.conf; \
	cp -L /etc/os-release etc/os-release; \
	mkdir usr/share; cp -a /usr/share/zoneinfo usr/share/; \
	rm -rf usr/share/zoneinfo/posix usr/share/zoneinfo/right; \
	mkdir -p var/lib/invar var/log tmp etc/alloy; chmod 1777 tmp; \
	find . -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="invar" \
	org.opencontainers.image.description="Logs and traces of a Kubernetes node, to Loki and OTLP" \
	org.opencontainers.image.licenses="Apache-2.0" \
	org.opencontainers.image.source="https://github.com/invar-agent/invar" \
	org.opencontainers.image.version="${VERSION}" \
	org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image/ /
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 0:0
ENTRYPOINT ["/usr/bin/invar"]
CMD ["run"]
