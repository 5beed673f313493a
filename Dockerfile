# The image: the program, the C library, CA certificates, time zones; no shell, no package manager. `scripts/image`
# builds and tries it, for amd64 or arm64; `docker buildx build --platform linux/amd64,linux/arm64 .`
# works as well. The compiler always runs on the building machine's architecture.
#
# It takes 14.5 MB unpacked. With Debian's shared libraries it would take 22.5 MB, as libcurl brings
# Kerberos, LDAP, SSH and RTMP with it. So libcurl is built here from Debian's own source package, with
# HTTP alone (30 s), and every library with a static archive is linked statically, of which the linker
# takes what is used. Security updates are Debian's in either case: build the image anew. What went into
# it is in /usr/share/doc/invar/invar.spdx.json. The packages (.deb) keep Debian's shared libraries.
#   Two TLS libraries are in it because no server library of Debian's can do with OpenSSL, and no libcurl
# with GnuTLS takes certificates from memory (ca_pem, cert_pem).
#
# Only loki.source.journal needs libsystemd, which takes 3.3 MB with what it needs: --build-arg JOURNAL=yes
# (scripts/image --journal) puts it in. Without it the component says that it is missing.
#
# What is pinned: the base, by a tag that Debian's image builders do not move; by digest with
# --build-arg BASE=docker.io/library/debian@sha256:… (`docker buildx imagetools inspect` prints it). To
# go on to a newer one, change the date in BASE. Packages are today's, security fixes included;
# --build-arg SNAPSHOT=20261101T000000Z takes those of that time, and then, with SOURCE_DATE_EPOCH, the same
# bytes come out again. Another FRESH than the last time makes a cached layer of packages anew.
ARG BASE=docker.io/library/debian:bookworm-20250520-slim

FROM --platform=$BUILDPLATFORM ${BASE} AS build
ARG TARGETARCH
ARG SNAPSHOT=
ARG FRESH=
ENV DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
# Packages without an architecture run here; the others are the target's. They are scripts/setup's list
# "run", without what only the demo and the tests take; .ci/image compares them.
RUN set -eu; . /etc/os-release; rm -f /etc/apt/sources.list.d/*; \
	for suite in debian:$VERSION_CODENAME debian:$VERSION_CODENAME-updates \
		debian-security:$VERSION_CODENAME-security; do \
		from=http://deb.debian.org/${suite%:*}; \
		[ -z "$SNAPSHOT" ] || \
			from="[check-valid-until=no] http://snapshot.debian.org/archive/${suite%:*}/$SNAPSHOT"; \
		printf '%s\n' "deb $from ${suite#*:} main" "deb-src $from ${suite#*:} main"; \
	done >/etc/apt/sources.list; \
	dpkg --add-architecture "$TARGETARCH"; \
	cross=; [ "$TARGETARCH" = "$(dpkg --print-architecture)" ] || \
		case $TARGETARCH in amd64) cross=-x86-64-linux-gnu ;; arm64) cross=-aarch64-linux-gnu ;; esac; \
	apt-get -q update; apt-get -qy install --no-install-recommends "gcc$cross" "g++$cross" \
	ca-certificates \
	cmake \
	dpkg-dev \
	libc6-dev:$TARGETARCH \
	libcjson-dev:$TARGETARCH \
	libcrypt-dev:$TARGETARCH \
	libdeflate-dev:$TARGETARCH \
	libgnutls28-dev:$TARGETARCH \
	libidn2-dev:$TARGETARCH \
	libmicrohttpd-dev:$TARGETARCH \
	libnghttp2-dev:$TARGETARCH \
	libpcre2-dev:$TARGETARCH \
	libprotobuf-c-dev:$TARGETARCH \
	libsnappy-dev:$TARGETARCH \
	libssl-dev:$TARGETARCH \
	libsystemd-dev:$TARGETARCH \
	libunistring-dev:$TARGETARCH \
	libuv1-dev:$TARGETARCH \
	libyaml-dev:$TARGETARCH \
	libzstd-dev:$TARGETARCH \
	ninja-build \
	pkg-config \
	protobuf-c-compiler \
	protobuf-compiler \
	python3 \
	tzdata \
	zlib1g-dev:$TARGETARCH; \
	rm -rf /var/lib/apt/lists/*-dbgsym* /var/cache/apt/archives/*.deb
# The linker takes an archive where there is no shared library of that name. The C library stays shared: it
# loads parts of itself to resolve names. cJSON has no archive.
RUN set -eu; lib=/usr/lib/$(dpkg-architecture -a "$TARGETARCH" -qDEB_HOST_MULTIARCH); \
	ln -s libuv_a.a "$lib/libuv.a"; \
	for archive in "$lib"/*.a; do case ${archive##*/} in \
		libc.a | libm.a | libm-*) ;; \
		*) rm -f "${archive%.a}.so" ;; esac; done
COPY packaging/image/ /packaging/
RUN sh /packaging/build-libraries
COPY . /src
WORKDIR /src
ARG SOURCE_DATE_EPOCH=0
ARG JOURNAL=
RUN sh packaging/image/build-root /image

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="invar" \
	org.opencontainers.image.description="Logs and traces of a Kubernetes node, to Loki and OTLP" \
	org.opencontainers.image.licenses="Apache-2.0" \
	org.opencontainers.image.source="https://github.com/invar-agent/invar" \
	org.opencontainers.image.documentation="https://github.com/invar-agent/invar/blob/main/docs/install.md" \
	org.opencontainers.image.version="${VERSION}" \
	org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image/ /
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 0:0
ENTRYPOINT ["/usr/bin/invar"]
CMD ["run"]
