//! Builds the TLS configuration: which certificates are trusted.
//!
//! It never opens a connection.

use super::error::ClientSetupError;
use crate::run::TlsOptions;
use rustls::client::WantsClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, ConfigBuilder, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// Returns the configuration of all TLS connections to an endpoint.
///
/// # Errors
/// Returns an error if the certificate authorities cannot be parsed.
pub(super) fn client_config(tls: &TlsOptions) -> Result<ClientConfig, ClientSetupError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientSetupError::Tls(error.to_string()))?;
    if tls.insecure {
        let verifier = Arc::new(AcceptAnyCertificate(provider));
        return with_identity(builder.dangerous().with_custom_certificate_verifier(verifier), tls);
    }
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = &tls.ca {
        let mut found = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate =
                certificate.map_err(|error| ClientSetupError::Tls(format!("the CA file is not valid PEM: {error}")))?;
            roots
                .add(certificate)
                .map_err(|error| ClientSetupError::Tls(format!("invalid CA certificate: {error}")))?;
            found += 1;
        }
        if found == 0 {
            return Err(ClientSetupError::Tls("the CA file contains no certificate".to_owned()));
        }
    }
    with_identity(builder.with_root_certificates(roots), tls)
}

/// Adds the client's certificate, if there is one.
fn with_identity(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    tls: &TlsOptions,
) -> Result<ClientConfig, ClientSetupError> {
    let Some(identity) = &tls.identity else { return Ok(builder.with_no_client_auth()) };
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&identity.certificate_pem).collect();
    let certificates = certificates
        .map_err(|error| ClientSetupError::Tls(format!("the client's certificate is not valid PEM: {error}")))?;
    let key = PrivateKeyDer::from_pem_slice(&identity.key_pem)
        .map_err(|_| ClientSetupError::Tls("the key of the client's certificate is not valid PEM".to_owned()))?;
    builder
        .with_client_auth_cert(certificates, key)
        .map_err(|error| ClientSetupError::Tls(format!("the client's certificate cannot be used: {error}")))
}

/// Accepts every certificate, but still verifies the signature of the handshake.
#[derive(Debug)]
struct AcceptAnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
